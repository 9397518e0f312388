import { startCommand } from "../../../process/command.js";
import { treeEnvironment } from "../../../pull/tree/environment.js";
import { holdTree } from "../../../pull/tree/hold.js";
import { command } from "../../options/command.js";
import { argument } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";

export const add = command<PullFlags, [program: string, args: string[]]>({
  name: "exec",
  summary: "run a command with KHEADERS_TREE and more in its environment",
  arguments: [argument("<command>", "what to run"), argument("[arguments...]", "its arguments")],
  options: pullOptions,
  passesOptionsOn: true,
  details: `Environment of the command: KHEADERS_TREE, KHEADERS_ARCHIVE, KHEADERS_DIGEST,
KHEADERS_SERIAL, KHEADERS_FINGERPRINT, KHEADERS_RELEASE, KHEADERS_VERSION,
KHEADERS_MACHINE and KHEADERS_CACHE (hit or miss). The exit status is that of
the command. Options of kheaders stand before the command.`,
  examples: [`kheaders exec sh -c 'ls "$KHEADERS_TREE"'`, "kheaders exec -s R5CT30ABCDE make -f build.mk"],
  async run(context, program, args) {
    const { pull } = await import("../../../pull/pull.js");
    const options = await pullOptionsOf(context);
    return holdTree(
      options.cache,
      () => pull(options),
      async (result) => {
        context.handOver();
        return { json: [], lines: [], status: await run(program, args, treeEnvironment(result)) };
      },
    );
  },
});

/** Runs the command on our terminal. @returns its exit status, as in a shell. */
async function run(program: string, args: string[], environment: Record<string, string>): Promise<number> {
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  // Before spawn: otherwise a signal right after it would kill us but not the command.
  process.on("SIGTERM", forward).on("SIGHUP", forward);
  // Ctrl-C reaches the command from the terminal. It decides what to do, and we report how it ended.
  process.on("SIGINT", () => undefined);
  const { child, status } = startCommand(program, args, { stdio: "inherit", environment });
  return status;
}
