import { describe, expect, it } from "vitest";
import { type SelectionFlags, selectionOf, selectsMany } from "../../../../host/cli/options/devices.js";
import type { PullFlags } from "../../../../host/cli/options/pull.js";

const flags = (given: Partial<PullFlags & SelectionFlags>): PullFlags & SelectionFlags => ({
  timeout: 300,
  su: true,
  load: true,
  stall: 30,
  ...given,
});

it.each([
  [{}, false],
  [{ s: ["a"] }, false],
  [{ s: ["a", "a"] }, false],
  [{ d: true }, false],
  [{ s: ["a", "b"] }, true],
  [{ all: true }, true],
  [{ match: ["model=X"] }, true],
])("whether %j may select several devices: %j", (given, many) => {
  expect(selectsMany(flags(given))).toBe(many);
});

describe("several devices", () => {
  it("are those named, or those of a kind that match", () => {
    expect(selectionOf(flags({ s: ["a", "b"] }))).toEqual({ serials: ["a", "b"] });
    expect(selectionOf(flags({ all: true, d: true }))).toEqual({ usb: true });
    expect(selectionOf(flags({ e: true, match: ["release=6.*"] }))).toEqual({
      emulator: true,
      match: [{ key: "release", glob: "6.*" }],
    });
  });

  it.each([
    [{ all: true, root: true }, /^--root works on one device only/],
    [{ all: true, t: "1" }, /^-t chooses one device/],
    [{ all: true, s: ["a"] }, /^-s cannot be given together with --all/],
    [{ match: ["model=X"], s: ["a"] }, /^-s cannot be given together with --match/],
    [{ match: ["colour=red"] }, /^--match: invalid pattern "colour=red"/],
  ])("are not selected by %j", (given, message) => {
    expect(() => selectionOf(flags(given))).toThrowError(
      expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
    );
  });
});
