import { describe, expect, it } from "vitest";
import {
  collect,
  parseBytes,
  parseCount,
  parseDuration,
  parseSeconds,
} from "../../../../host/cli/options/units.js";

const invalid = (message: string) => expect.objectContaining({ code: "usage", message });

describe("a size", () => {
  it.each([
    ["0", 0],
    ["500", 500],
    ["500B", 500],
    ["1.5k", 1500],
    ["500M", 500e6],
    ["5GB", 5e9],
    ["2GiB", 2 * 2 ** 30],
    ["1T", 1e12],
  ])("%j is %i bytes", (text, bytes) => {
    expect(parseBytes(text, "--max-size")).toBe(bytes);
  });

  it.each(["", "GB", "-1", "5 GB", "5GBs", "5E", "1e9", "Infinity", ".5G", "9".repeat(400)])(
    "is not %j",
    (text) => {
      expect(() => parseBytes(text, "--max-size")).toThrowError(
        expect.objectContaining({
          code: "usage",
          message: expect.stringMatching(/^--max-size: .*\(expected a size such as 5GB or 500M\)$/s),
        }),
      );
    },
  );
});

describe("a duration", () => {
  it.each([
    ["0", 0],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["12h", 43_200_000],
    ["30d", 2_592_000_000],
    ["2w", 1_209_600_000],
  ])("%j is %i milliseconds", (text, milliseconds) => {
    expect(parseDuration(text, "--grace")).toBe(milliseconds);
  });

  it.each(["", "5", "5y", "-1d", "1d2h"])("is not %j", (text) => {
    expect(() => parseDuration(text, "--grace")).toThrowError(
      invalid(`--grace: invalid value "${text}" (expected a duration such as 30d or 12h)`),
    );
  });
});

describe("seconds", () => {
  it("may have a fraction", () => {
    expect([parseSeconds("300", "--timeout"), parseSeconds("0.5", "--timeout")]).toEqual([300, 0.5]);
  });

  it.each(["0", "0.0", "-1", "soon", "1e3", "10000000", "", "Infinity", "NaN"])("are not %j", (text) => {
    expect(() => parseSeconds(text, "--timeout")).toThrowError(
      invalid(`--timeout: invalid value "${text}" (expected a positive number of seconds)`),
    );
  });
});

describe("a count", () => {
  it("is a positive whole number", () => {
    expect(parseCount("8", "--jobs")).toBe(8);
  });

  it.each(["0", "-1", "1.5", "12345", "x"])("is not %j", (text) => {
    expect(() => parseCount(text, "--jobs")).toThrowError(
      invalid(`--jobs: invalid value "${text}" (expected a positive whole number)`),
    );
  });
});

it("what an option did not take is shown without control characters", () => {
  expect(() => parseCount("\x1b[2J", "--jobs")).toThrowError(
    invalid('--jobs: invalid value "\\x1b[2J" (expected a positive whole number)'),
  );
});

it("an option may be given several times", () => {
  expect(collect("b", "-s", collect("a", "-s", undefined))).toEqual(["a", "b"]);
});
