import { type Command, Option } from "commander";
import { collect } from "../options/global.js";
import { addCommonPullOptions } from "../options/pull.js";
import { runCommand } from "../run.js";
import type { WatchFlags } from "../run-watch.js";

export function addWatch(program: Command): void {
  const command = program
    .command("watch")
    .argument("[arguments...]", "arguments of the command that --exec names")
    .description("stay, and pull from each device as it comes online or reboots into another kernel")
    .option("--exec <command>", "run this for each tree that is new to its device")
    .option("--shell", "with --exec: the command is a line for sh")
    .option("--match <pattern>", "only devices with model=, fingerprint= or release=PATTERN", collect)
    .addOption(new Option("--root").hideHelp());
  addCommonPullOptions(command)
    .addHelpText(
      "after",
      `
Watches all devices of the adb server, or those that -s (several times), -d, -e and --match mean, until it is told to
end by Ctrl-C or SIGTERM. Each event is a line on standard output, with --json an object with "event": watching,
server-lost, connected, disconnected, unusable, pulled, failed, command-ended. --timeout counts for each pull. What may
pass, as a lost device, is tried again. It survives restarts of the adb server, and starts it where none runs.

The command finds KHEADERS_SERIAL, KHEADERS_TREE and the others of "kheaders exec" in its environment; what it prints
goes to standard error. Several devices may run one tree: KHEADERS_CACHE is "miss" for the one that brought it.

Examples:
  $ kheaders watch
  $ kheaders watch --json --exec ./build-tools.sh
  $ kheaders watch --exec make -- -C probes all
  $ kheaders watch --exec 'echo "$KHEADERS_SERIAL $KHEADERS_TREE" >> trees' --shell`,
    )
    .action(async (args: string[], _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<WatchFlags>();
      await runCommand(
        flags,
        async (context) => (await import("../run-watch.js")).runWatch(flags, args, context),
        { untimed: true },
      );
    });
}
