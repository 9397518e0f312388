import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Cache, Lease } from "../../cache/index.js";
import { endOf } from "../../process/command.js";
import type { PullResult } from "../../pull/pull.js";
import { treeEnvironment } from "../../pull/tree-environment.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { runCommand } from "../run.js";

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
        const { pull } = await import("../../pull/pull.js");
        const options = await pullOptionsOf(flags, context);
        const { result, lease } = await leased(() => pull(options), options.cache);
        context.handOver();
        try {
          return await run(name, args, treeEnvironment(result));
        } finally {
          lease.release();
        }
      });
    });
}

/** A tree could be pruned between a pull and the lease on it: then it is pulled again. */
async function leased(
  pullOnce: () => Promise<PullResult>,
  cache: Cache,
): Promise<{ result: PullResult; lease: Lease }> {
  for (;;) {
    const result = await pullOnce();
    const lease = await cache.acquireLease(result.digest);
    if (existsSync(result.tree)) return { result, lease };
    lease.release();
  }
}

/** Runs the command on our terminal. @returns its exit status, as a shell tells it. */
async function run(command: string, args: string[], environment: Record<string, string>): Promise<number> {
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  // Before the command starts, or a signal that comes with its first breath ends us alone.
  process.on("SIGTERM", forward).on("SIGHUP", forward);
  // Ctrl-C reaches the command from the terminal; it decides what to do, we report how it ended.
  process.on("SIGINT", () => undefined);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  return endOf(child, command);
}
