import { expect, it } from "vitest";
import { eventLine, eventObject, type PrintedEvent } from "../../../../host/cli/report/watch-event.js";
import { KheadersError } from "../../../../shared/errors.js";

const error = new KheadersError("device-lost", "it went away", { hint: "Check the cable." });
const failure = { code: "device-lost", message: "it went away", hint: "Check the cable." };
const time = new Date(2026, 10, 26, 3, 5, 9);
const serial = "R5CT30";

const events: [PrintedEvent, string, object][] = [
  [{ type: "watching" }, "adb server: watching", { event: "watching" }],
  [
    { type: "server-lost", error },
    "adb server: lost: it went away",
    { event: "server-lost", serial: null, error: failure },
  ],
  [{ type: "connected", serial }, "R5CT30: connected", { event: "connected", serial }],
  [{ type: "disconnected", serial }, "R5CT30: disconnected", { event: "disconnected", serial }],
  [
    { type: "unusable", serial, error },
    "R5CT30: unusable: it went away",
    { event: "unusable", serial, error: failure },
  ],
  [
    { type: "failed", serial, error, retrySeconds: 10 },
    "R5CT30: failed: it went away. Check the cable. Next try in 10 s.",
    { event: "failed", serial, error: failure, retrySeconds: 10 },
  ],
  [
    { type: "failed", serial, error, retrySeconds: undefined },
    "R5CT30: failed: it went away. Check the cable.",
    { event: "failed", serial, error: failure, retrySeconds: null },
  ],
  [
    { type: "command-ended", serial, end: { status: 3 } },
    "R5CT30: command ended with status 3",
    { event: "command-ended", serial, status: 3, error: null },
  ],
  [
    { type: "command-ended", serial, end: { error } },
    "R5CT30: command failed: it went away",
    { event: "command-ended", serial, status: null, error: failure },
  ],
];

it.each(events)("%j is a line and an object", (event, line, object) => {
  expect(eventLine(event, time)).toBe(`2026-11-26 03:05:09  ${line}`);
  expect(eventObject(event, time)).toEqual({ ...object, time: time.toISOString() });
});

it("a serial moves no cursor", () => {
  expect(eventLine({ type: "connected", serial: "a\x1b[2J" }, time)).toMatch(/ {2}a\\x1b\[2J: connected$/);
});
