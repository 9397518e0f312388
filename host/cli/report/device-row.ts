import { printable } from "../../../shared/printable.js";
import type { ProgressEvent } from "../../../shared/progress.js";
import type { DeviceOutcome } from "../../farm/pull-one.js";
import { stageTexts } from "./stage-texts.js";
import { counted, formatBytes } from "./units.js";

/** How far the work on one device is. */
export interface DeviceRow {
  /** Empty where there is only one. */
  readonly serial: string;
  readonly state:
    | { readonly type: "queued" }
    /** Times are in milliseconds, of one clock. `since`: of the last event. `moves`: more events are expected soon. */
    | { readonly type: "busy"; readonly text: string; readonly since: number; readonly moves?: boolean }
    | {
        readonly type: "transferring";
        readonly bytes: number;
        readonly total: number;
        readonly started: number;
        /** When the last bytes came. */
        readonly since: number;
      }
    | { readonly type: "ended"; readonly text: string };
}

/** The row after an event. `now` is in milliseconds. */
export function afterProgress(row: DeviceRow, event: ProgressEvent, now: number): DeviceRow {
  const { serial, state } = row;
  if (event.type === "stage") return { serial, state: { type: "busy", text: stageText(event), since: now } };
  if (event.type === "modules") {
    const text = `${stageTexts["reading-modules"]}: ${event.done} of ${event.total}, ${formatBytes(event.bytes)}`;
    return { serial, state: { type: "busy", text, since: now, moves: true } };
  }
  if (event.type !== "progress") return row;
  const { bytes, total } = event;
  const started = state.type === "transferring" ? state.started : now;
  const hasMoved = state.type !== "transferring" || bytes !== state.bytes;
  const since = hasMoved ? now : state.since;
  return { serial, state: { type: "transferring", bytes, total, started, since } };
}

/** The row as one line of ASCII, the serial in `width` columns. `now` is in milliseconds. */
export function rowText({ serial, state }: DeviceRow, width: number, now: number): string {
  const text = `${stateText(state)}${timeText(state, now)}`;
  return ascii(serial === "" ? text : `${printable(serial).padEnd(width)}  ${text}`);
}

/** A transfer that pauses for less is not worth a word. */
const minStall = 3000;

/** How long this takes already, or has not moved. */
function timeText(state: DeviceRow["state"], now: number): string {
  if (!("since" in state)) return "";
  const ms = now - state.since;
  const seconds = Math.floor(ms / 1000);
  if (state.type === "busy" && !state.moves) return seconds >= 1 ? `, ${seconds} s` : "";
  return ms >= minStall ? `, stalled for ${seconds} s` : "";
}

/** What a user reads of a stage. */
export function stageText({ stage, detail }: Extract<ProgressEvent, { type: "stage" }>): string {
  return `${stageTexts[stage]}${detail ? ` (${detail})` : ""}`;
}

function stateText(state: DeviceRow["state"]): string {
  if (state.type === "queued") return "Queued";
  if (state.type !== "transferring") return state.text;
  const { bytes, total, started, since } = state;
  const rate = since > started ? `, ${formatBytes(Math.round((bytes / (since - started)) * 1000))}/s` : "";
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
  return `${counted(outcomes.length, "device")}: ${transferred} transferred, ${cached} from the cache, ${failed} failed, ${seconds.toFixed(1)} s`;
}

/** Replaces characters that may be wider than one column: they would break the drawing. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, "?");
}
