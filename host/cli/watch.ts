import { type Command, Option } from "commander";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressEvent } from "../../shared/progress.js";
import type { WatchEvent } from "../farm/watch.js";
import { collect } from "./options.js";
import { addCommonPullOptions, type PullFlags, sharedPullOptionsOf } from "./pull-options.js";
import { printJson, printLine, type RunContext, runCommand } from "./run.js";
import { type SelectionFlags, selectionOf } from "./selection-options.js";
import { stageTexts } from "./stage-texts.js";
import { type TreeCommand, TreeCommands } from "./tree-commands.js";
import { eventLine, eventObject } from "./watch-event.js";

/** For how long a device must stay as it is before that counts, in seconds. */
const settleSeconds = 1;

interface Flags extends PullFlags, SelectionFlags {
  readonly exec?: string;
  readonly shell?: boolean;
}

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
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, (context) => runWatch(flags, args, context), { untimed: true });
    });
}

async function runWatch(flags: Flags, args: readonly string[], context: RunContext): Promise<number> {
  const devices = selectionOf(flags);
  const command = commandOf(flags, args);
  const options = await sharedPullOptionsOf(flags, context);
  const { watch } = await import("../farm/watch.js");
  const print = (event: Parameters<typeof eventObject>[0]) => {
    if (flags.json) printJson(eventObject(event));
    else printLine(eventLine(event));
  };
  const commands =
    command &&
    new TreeCommands(command, options.cache, (serial, end) => print({ type: "command-ended", serial, end }));
  const trees = new Map<string, string>();
  const onEvent = (event: WatchEvent) => {
    if (event.type === "progress") {
      tellProgress(event.serial, event.event, flags);
      return;
    }
    print(event);
    if (event.type !== "pulled" || trees.get(event.serial) === event.result.digest) return;
    trees.set(event.serial, event.result.digest);
    commands?.start(event.serial, event.result);
  };
  const readerGone = new AbortController();
  process.stdout.on("error", () => readerGone.abort());
  try {
    await watch({
      ...options,
      devices,
      root: flags.su ? "su" : "never",
      timeoutSeconds: flags.timeout,
      settleSeconds,
      signal: AbortSignal.any([context.signal, readerGone.signal]),
      onEvent,
    });
  } catch (error) {
    if (!readerGone.signal.aborted) throw error;
  } finally {
    await commands?.close();
  }
  return 0;
}

function commandOf(flags: Flags, args: readonly string[]): TreeCommand | undefined {
  const { exec, shell } = flags;
  if (exec === undefined) {
    if (shell) throw new KheadersError("usage", "--shell goes with --exec");
    if (args.length > 0) {
      throw new KheadersError("usage", `"${printable(args[0] ?? "")}" is an argument of no command`, {
        hint: "Name the command with --exec.",
      });
    }
    return undefined;
  }
  return shell ? { program: "sh", args: ["-c", exec, "sh", ...args] } : { program: exec, args };
}

function tellProgress(serial: string, event: ProgressEvent, flags: Flags): void {
  if (flags.quiet) return;
  const device = printable(serial);
  if (event.type === "warning") process.stderr.write(`kheaders: ${device}: warning: ${event.message}\n`);
  else if (event.type === "notice") process.stderr.write(`kheaders: ${event.message}\n`);
  else if (event.type === "stage" && flags.verbose) {
    const detail = event.detail ? ` (${event.detail})` : "";
    process.stderr.write(`${device}  ${stageTexts[event.stage]}${detail}\n`);
  }
}
