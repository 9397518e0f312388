import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "commander";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "./pull-options.js";
import { treeEnvironment } from "./result.js";
import { runCommand } from "./run.js";

export function addExec(program: Command): void {
  const command = program
    .command("exec <command> [arguments...]")
    .description("run a command with the device's headers: KHEADERS_TREE and more in its environment");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
The command finds KHEADERS_TREE, KHEADERS_ARCHIVE, KHEADERS_DIGEST, KHEADERS_SERIAL, KHEADERS_FINGERPRINT,
KHEADERS_RELEASE, KHEADERS_VERSION, KHEADERS_MACHINE and KHEADERS_CACHE (hit or miss) in its environment. kheaders ends
with the command's exit status.

Examples:
  $ kheaders exec -- sh -c 'ls "$KHEADERS_TREE"'
  $ kheaders exec -s R5CT30ABCDE -- make -f build.mk`,
    )
    .action(async (name: string, args: string[], _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<PullFlags>();
      await runCommand(flags, async (context) => {
        const { pull } = await import("../pull.js");
        const options = await pullOptionsOf(flags, context);
        const result = await pull(options);
        context.handOver();
        const lease = await options.cache.acquireLease(result.digest);
        try {
          return await run(name, args, treeEnvironment(result));
        } finally {
          lease.release();
        }
      });
    });
}

/** Runs the command on our terminal. @returns its exit status, as a shell tells it. */
async function run(command: string, args: string[], environment: Record<string, string>): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGTERM", forward).on("SIGHUP", forward);
  // Ctrl-C reaches the command from the terminal; it decides what to do, we report how it ended.
  process.on("SIGINT", () => undefined);
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      const reason = errnoOf(cause) === "ENOENT" ? "there is no such command" : "it cannot be run";
      reject(
        new KheadersError("usage", `${command}: ${reason}`, {
          hint: "Name a program in PATH, after --.",
          cause,
        }),
      );
    });
    child.on("exit", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
