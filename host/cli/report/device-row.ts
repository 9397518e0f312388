import { printable } from "../../../shared/printable.js";
import type { ProgressEvent } from "../../../shared/progress.js";
import type { DeviceOutcome } from "../../farm/pull-one.js";
import { stageTexts } from "./stage-texts.js";
import { formatBytes } from "./units.js";

/** How far the work on one device is. */
export interface DeviceRow {
  /** Empty where there is only one. */
  readonly serial: string;
  readonly state:
    | { readonly type: "queued" }
    | { readonly type: "busy"; readonly text: string }
    /** `started` and the events' times are of one clock, in milliseconds. */
    | {
        readonly type: "transferring";
        readonly bytes: number;
        readonly total: number;
        readonly started: number;
        readonly now: number;
      }
    | { readonly type: "ended"; readonly text: string };
}

/** The row after an event. `now` is in milliseconds. */
export function afterProgress(row: DeviceRow, event: ProgressEvent, now: number): DeviceRow {
  const { serial, state } = row;
  if (event.type === "stage") return { serial, state: { type: "busy", text: stageText(event) } };
  if (event.type === "modules") {
    const text = `${stageTexts["reading-modules"]}: ${event.done} of ${event.total}, ${formatBytes(event.bytes)}`;
    return { serial, state: { type: "busy", text } };
  }
  if (event.type !== "progress") return row;
  const { bytes, total } = event;
  const started = state.type === "transferring" ? state.started : now;
  return { serial, state: { type: "transferring", bytes, total, started, now } };
}

/** The row as one line of ASCII, the serial in `width` columns. */
export function rowText({ serial, state }: DeviceRow, width: number): string {
  return ascii(serial === "" ? stateText(state) : `${printable(serial).padEnd(width)}  ${stateText(state)}`);
}

/** What a user reads of a stage. */
export function stageText({ stage, detail }: Extract<ProgressEvent, { type: "stage" }>): string {
  return `${stageTexts[stage]}${detail ? ` (${detail})` : ""}`;
}

function stateText(state: DeviceRow["state"]): string {
  if (state.type === "queued") return "Queued";
  if (state.type !== "transferring") return state.text;
  const { bytes, total, started, now } = state;
  const rate = now > started ? `, ${formatBytes(Math.round((bytes / (now - started)) * 1000))}/s` : "";
  return `Transferring ${formatBytes(bytes)} of ${formatBytes(total)}${rate}`;
}

/** How the pull from a device ended, in one line without the serial. */
export function outcomeText({ result, error }: DeviceOutcome): string {
  if (error !== undefined) return `failed: ${error.message}${error.hint ? `. ${error.hint}` : ""}`;
  const seconds = ((result.ms.total ?? 0) / 1000).toFixed(1);
  const how =
    result.cache === "hit" ? "from the cache" : `${formatBytes(result.bytes)} transferred (${result.source})`;
  return `done: ${printable(result.kernel.release)}, ${how}, ${seconds} s`;
}

/** Sums up the outcomes. `seconds` is the time that they took. */
export function summary(outcomes: readonly DeviceOutcome[], seconds: number): string {
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  const transferred = outcomes.filter(({ result }) => result?.cache === "miss").length;
  const cached = outcomes.length - failed - transferred;
  const devices = outcomes.length === 1 ? "1 device" : `${outcomes.length} devices`;
  return `${devices}: ${transferred} transferred, ${cached} from the cache, ${failed} failed, ${seconds.toFixed(1)} s`;
}

/** Replaces characters that may be wider than one column: they would break the drawing. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, "?");
}
