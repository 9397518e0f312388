import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressEvent } from "../../shared/progress.js";
import { defaultSettleSeconds } from "../farm/default-times.js";
import { type TreeCommand, TreeCommands } from "../farm/tree-commands.js";
import { type WatchEvent, watch } from "../farm/watch.js";
import { type SelectionFlags, selectionOf } from "./options/devices.js";
import { type PullFlags, sharedPullOptionsOf } from "./options/pull.js";
import { stageTexts } from "./report/stage-texts.js";
import { eventLine, eventObject, type PrintedEvent } from "./report/watch-event.js";
import { printJson, printLine, type RunContext } from "./run.js";

/** Options of watch. */
export interface WatchFlags extends PullFlags, SelectionFlags {
  readonly exec?: string;
  readonly shell?: boolean;
}

/** Watches as the flags say, and prints each event. @returns the exit status, where the reader of the output went away. */
export async function runWatch(
  flags: WatchFlags,
  args: readonly string[],
  context: RunContext,
): Promise<number> {
  const devices = selectionOf(flags);
  const command = commandOf(flags, args);
  const options = await sharedPullOptionsOf(flags, context);
  const print = (event: PrintedEvent) => {
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
      settleSeconds: defaultSettleSeconds,
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

function commandOf(flags: WatchFlags, args: readonly string[]): TreeCommand | undefined {
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

function tellProgress(serial: string, event: ProgressEvent, flags: WatchFlags): void {
  if (flags.quiet) return;
  const device = printable(serial);
  if (event.type === "warning") process.stderr.write(`kheaders: ${device}: warning: ${event.message}\n`);
  else if (event.type === "notice") process.stderr.write(`kheaders: ${event.message}\n`);
  else if (event.type === "stage" && flags.verbose) {
    const detail = event.detail ? ` (${event.detail})` : "";
    process.stderr.write(`${device}  ${stageTexts[event.stage]}${detail}\n`);
  }
}
