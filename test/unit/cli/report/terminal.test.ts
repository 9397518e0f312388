import { describe, expect, it } from "vitest";
import { canRedraw, columnsOf, fold, styled } from "../../../../host/cli/report/terminal.js";

describe("a line", () => {
  it("that fits stays as it is", () => {
    expect(fold("kheaders: it went away", 22)).toEqual(["kheaders: it went away"]);
  });

  it("is broken between words, and goes on indented", () => {
    expect(fold("kheaders: it went away and came back", 21)).toEqual([
      "kheaders: it went",
      "  away and came back",
    ]);
    expect(fold("ok  disk   free in /tmp", 16, 11)).toEqual([
      "ok  disk   free",
      "           in",
      "           /tmp",
    ]);
  });

  it("keeps a word whole that is longer", () => {
    expect(fold("done: /a/path/that/is/long now", 12)).toEqual(["done:", "  /a/path/that/is/long", "  now"]);
    expect(fold("/a/path/that/is/long", 12)).toEqual(["/a/path/that/is/long"]);
    expect(fold("  /a/path/that/is/long", 12)).toEqual(["  /a/path/that/is/long"]);
  });
});

describe("a terminal", () => {
  it("has a width, anything else has none", () => {
    expect(columnsOf({ isTTY: true, columns: 60 })).toBe(60);
    expect(columnsOf({ isTTY: true, columns: 0 })).toBe(Number.POSITIVE_INFINITY);
    expect(columnsOf({ columns: 60 })).toBe(Number.POSITIVE_INFINITY);
  });

  it("can be drawn on, unless it is dumb or has no width", () => {
    expect(canRedraw({ isTTY: true, columns: 60 }, { TERM: "xterm" })).toBe(true);
    expect(canRedraw({ isTTY: true, columns: 60 }, { TERM: "dumb" })).toBe(false);
    expect(canRedraw({ isTTY: true, columns: 0 }, { TERM: "xterm" })).toBe(false);
  });

  it.each([
    [{ isTTY: true }, {}, "\x1b[31mkheaders:\x1b[0m"],
    [{ isTTY: true }, { NO_COLOR: "" }, "\x1b[31mkheaders:\x1b[0m"],
    [{ isTTY: true }, { NO_COLOR: "1" }, "kheaders:"],
    [{ isTTY: true }, { TERM: "dumb" }, "kheaders:"],
    [{}, {}, "kheaders:"],
  ])("%j shows colours with the environment %j: %j", (stream, environment, shown) => {
    expect(styled("red", "kheaders:", stream, environment)).toBe(shown);
  });
});
