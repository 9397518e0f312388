import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { notStarted, statusOf } from "./child.js";

/** A command that the user named, while it runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Its exit status, as a shell gives it. Rejects with `usage` if it cannot be run. */
  readonly status: Promise<number>;
}

/** Starts a command that the user named, without a shell. `environment` is added to our own. */
export function startCommand(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "stdio" | "detached"> & { readonly environment: Record<string, string> },
): RunningCommand {
  const { environment, ...how } = options;
  const child = spawn(program, args, { ...how, env: { ...process.env, ...environment } });
  const status = statusOf(child, "exit").catch((cause: unknown) => {
    throw notStarted("usage", program, cause, "Name a program in PATH.");
  });
  return { child, status };
}
