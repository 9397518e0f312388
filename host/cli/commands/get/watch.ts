import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import type { TreeCommand } from "../../../farm/tree-commands.js";
import type { WatchEvent } from "../../../farm/watch.js";
import { command } from "../../options/command.js";
import { matchOption, type SelectionFlags, selectionOf } from "../../options/devices.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, sharedPullOptions, sharedPullOptionsOf } from "../../options/pull.js";
import { columnsOf, fold } from "../../report/terminal.js";
import { eventLine, eventObject } from "../../report/watch-event.js";

/** A line that is broken goes on behind its time. */
const eventIndent = 21;

interface Flags extends PullFlags, SelectionFlags {
  readonly exec?: string;
  readonly shell?: boolean;
}

export const add = command<Flags, [args: string[]]>({
  name: "watch",
  summary: "pull from each device as it connects or boots another kernel",
  arguments: [argument("[arguments...]", "arguments of the command that --exec names, after --")],
  options: [
    option("--exec <command>", "run this for each tree that is new to its device"),
    option("--shell", "with --exec: the command is a line for sh"),
    matchOption,
    option("--root", "", { isHidden: true }),
    ...sharedPullOptions,
  ],
  details: `Watches all devices of the adb server, or those that -s (several times), -d, -e
and --match select, until Ctrl-C or SIGTERM. Each event is a line on standard
output with its time; with --json it is an object with "event": watching, server-lost,
connected, disconnected, unusable, pulled, failed or command-ended. --timeout
counts for each pull. A pull that failed for a passing reason, such as a lost
device, is tried again. The adb server is started if none runs, and may restart.

The command of --exec finds KHEADERS_SERIAL, KHEADERS_TREE and the other
variables of "kheaders exec" in its environment. What it prints goes to standard
error. If several devices run the same kernel, it runs for each of them, with
KHEADERS_CACHE=miss for the device that the tree came from.`,
  examples: [
    "kheaders watch",
    "kheaders watch --json --exec ./build-tools.sh",
    "kheaders watch --exec make -- -C probes all",
    `kheaders watch --shell --exec 'echo "$KHEADERS_TREE" >> trees'`,
  ],
  isUntimed: () => true,
  isEndless: true,
  async run(context, args) {
    const { flags, reporter, print } = context;
    const exec = commandOf(flags, args);
    const devices = selectionOf(flags);
    const options = await sharedPullOptionsOf(context);
    const { watch } = await import("../../../farm/watch.js");
    const readerGone = new AbortController();
    process.stdout.on("error", () => readerGone.abort());
    const onEvent = (event: WatchEvent) => {
      if (event.type === "progress") reporter.onDevice(event, event.event);
      else {
        const time = new Date();
        const lines = fold(eventLine(event, time), columnsOf(process.stdout), eventIndent);
        print({ json: [eventObject(event, time)], lines });
      }
    };
    try {
      return await watch({
        ...options,
        devices,
        exec,
        root: flags.su ? "su" : "never",
        timeoutSeconds: flags.timeout,
        signal: AbortSignal.any([context.signal, readerGone.signal]),
        onEvent,
      });
    } catch (error) {
      if (readerGone.signal.aborted) return undefined;
      throw error;
    }
  },
});

function commandOf({ exec, shell }: Flags, args: readonly string[]): TreeCommand | undefined {
  if (exec !== undefined) {
    return shell ? { program: "sh", args: ["-c", exec, "sh", ...args] } : { program: exec, args };
  }
  if (shell) throw new KheadersError("usage", "--shell can only be given with --exec");
  const [first] = args;
  if (first !== undefined) {
    throw new KheadersError("usage", `unexpected argument "${printable(first)}"`, {
      hint: "Name the command with --exec.",
    });
  }
  return undefined;
}
