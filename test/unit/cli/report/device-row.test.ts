import { describe, expect, it } from "vitest";
import {
  afterProgress,
  type DeviceRow,
  outcomeText,
  rowText,
  summary,
} from "../../../../host/cli/report/device-row.js";
import type { DeviceOutcome } from "../../../../host/farm/pull-one.js";
import type { PullResult } from "../../../../host/pull/result.js";
import { KheadersError } from "../../../../shared/errors.js";
import { asDigest } from "../../../../shared/identity.js";

const queued: DeviceRow = { serial: "R5CT30", state: { type: "queued" } };

function result(about: Partial<PullResult> = {}): PullResult {
  const digest = asDigest("0".repeat(64));
  if (digest === undefined) throw new Error("no digest");
  return {
    serial: "R5CT30",
    kernel: {
      fingerprint: "",
      release: "6.1.57",
      version: "",
      machine: "",
      bootId: undefined,
      configDigest: undefined,
      buildId: undefined,
    },
    previous: undefined,
    digest,
    bytes: 4_000_000,
    archive: "",
    tree: "",
    entry: undefined,
    cache: "miss",
    proof: undefined,
    source: "module",
    unloaded: true,
    ms: { total: 1234 },
    ...about,
  };
}

const outcomes: DeviceOutcome[] = [
  { serial: "a", result: result() },
  { serial: "b", result: result({ cache: "hit" }) },
  { serial: "c", error: new KheadersError("device-lost", "it went away", { hint: "Check the cable." }) },
];

describe("the line of a device", () => {
  it("tells the stage, then bytes and rate, then the stage again", () => {
    const first = afterProgress(queued, { type: "stage", stage: "preparing" }, 0);
    const second = afterProgress(first, { type: "progress", bytes: 0, total: 4_000_000 }, 1000);
    const third = afterProgress(second, { type: "progress", bytes: 1_000_000, total: 4_000_000 }, 3000);
    const fourth = afterProgress(third, { type: "stage", stage: "unpacking" }, 4000);
    expect([queued, second, third, fourth].map((row) => rowText(row, 8, 4000))).toEqual([
      "R5CT30    Queued",
      "R5CT30    Transferring 0 B of 4.0 MB, stalled for 3 s",
      "R5CT30    Transferring 1.0 MB of 4.0 MB, 500.0 kB/s",
      "R5CT30    Unpacking",
    ]);
  });

  it("shows that time passes", () => {
    const busy = afterProgress(queued, { type: "stage", stage: "preparing" }, 0);
    expect(rowText(busy, 6, 900)).toBe("R5CT30  Loading the headers on the device");
    expect(rowText(busy, 6, 12_900)).toBe("R5CT30  Loading the headers on the device, 12 s");
  });

  it("shows that nothing moves, from the last byte that came", () => {
    const bytes = (count: number) => ({ type: "progress", bytes: count, total: 4_000_000 }) as const;
    const first = afterProgress(queued, bytes(0), 0);
    const second = afterProgress(first, bytes(1_000_000), 1000);
    const third = afterProgress(second, bytes(1_000_000), 5000);
    const moving = "R5CT30  Transferring 1.0 MB of 4.0 MB, 1.0 MB/s";
    expect(rowText(second, 6, 3900)).toBe(moving);
    expect(rowText(third, 6, 9000)).toBe(`${moving}, stalled for 8 s`);
    const modules = afterProgress(queued, { type: "modules", done: 1, total: 2, bytes: 5 }, 0);
    expect(rowText(modules, 6, 2000)).toBe("R5CT30  Reading the device's modules: 1 of 2, 5 B");
    expect(rowText(modules, 6, 4000)).toMatch(/5 B, stalled for 4 s$/);
  });

  it("stays as it is at a notice", () => {
    expect(afterProgress(queued, { type: "notice", message: "new kernel" }, 0)).toBe(queued);
  });

  it("holds nothing that moves a cursor or is wider than it counts", () => {
    const row: DeviceRow = { serial: "a\x1b[2J\n語", state: { type: "ended", text: "done: 漢" } };
    expect(rowText(row, 4, 0)).toBe("a\\x1b[2J\\n?  done: ?");
  });
});

it("the end of a device is told with what was done, or what went wrong and what to do", () => {
  expect(outcomes.map(outcomeText)).toEqual([
    "done: 6.1.57, 4.0 MB transferred (module), 1.2 s",
    "done: 6.1.57, from the cache, 1.2 s",
    "failed: it went away. Check the cable.",
  ]);
});

it("the last line sums up", () => {
  expect(summary(outcomes, 2.04)).toBe("3 devices: 1 transferred, 1 from the cache, 1 failed, 2.0 s");
  expect(summary(outcomes.slice(0, 1), 1)).toBe("1 device: 1 transferred, 0 from the cache, 0 failed, 1.0 s");
});
