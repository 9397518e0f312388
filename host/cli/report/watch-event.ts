import { printable } from "../../../shared/printable.js";
import type { WatchEvent } from "../../farm/watch.js";
import { outcomeText } from "./device-row.js";
import { errorFields, errorObject, resultObject } from "./result.js";
import { formatTime } from "./units.js";

/** An event that is printed as a result. */
export type PrintedEvent = Exclude<WatchEvent, { type: "progress" }>;

/** The event as a JSON object; its `event` is the kind. */
export function eventObject(event: PrintedEvent, time: Date): object {
  return { ...objectOf(event), time: time.toISOString() };
}

function objectOf(event: PrintedEvent): object {
  switch (event.type) {
    case "watching":
      return { event: event.type };
    case "server-lost":
      return { event: event.type, ...errorObject(undefined, event.error) };
    case "connected":
    case "disconnected":
      return { event: event.type, serial: event.serial };
    case "unusable":
      return { event: event.type, ...errorObject(event.serial, event.error) };
    case "pulled":
      return { event: event.type, ...resultObject(event.result) };
    case "failed":
      return {
        event: event.type,
        ...errorObject(event.serial, event.error),
        retrySeconds: event.retrySeconds ?? null,
      };
    case "command-ended": {
      const { error, status } = event.end;
      const failed = error ? errorFields(error) : null;
      return { event: event.type, serial: event.serial, status: status ?? null, error: failed };
    }
  }
}

/** The event as a line for people and logs, with its time. */
export function eventLine(event: PrintedEvent, time: Date): string {
  return `${formatTime(time)}  ${lineOf(event)}`;
}

function lineOf(event: PrintedEvent): string {
  if (event.type === "watching") return "adb server: watching";
  if (event.type === "server-lost") return `adb server: lost: ${event.error.message}`;
  return `${printable(event.serial)}: ${textOf(event)}`;
}

function textOf(event: Extract<PrintedEvent, { serial: string }>): string {
  switch (event.type) {
    case "connected":
    case "disconnected":
      return event.type;
    case "unusable":
      return `unusable: ${event.error.message}`;
    case "pulled":
      return `${outcomeText({ serial: event.serial, result: event.result })}: ${event.result.tree}`;
    case "failed": {
      const retry = event.retrySeconds === undefined ? "" : ` Next try in ${event.retrySeconds} s.`;
      return `${outcomeText({ serial: event.serial, error: event.error })}${retry}`;
    }
    case "command-ended":
      return event.end.error
        ? `command failed: ${event.end.error.message}`
        : `command ended with status ${event.end.status}`;
  }
}
