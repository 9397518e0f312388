import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fitColumns, fitRows, LiveBlock } from "../../../../host/cli/report/live-block.js";

/** What a terminal shows, that knows the codes for "up" and "erase below". */
class Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly #lines: string[] = [""];

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is tested
    for (const part of text.split(/(\x1b\[\d+A|\x1b\[J|\n)/)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is tested
      const up = /^\x1b\[(\d+)A$/.exec(part)?.[1];
      if (up !== undefined)
        this.#lines.splice(this.#lines.length - 1 - Number(up), Number.POSITIVE_INFINITY, "");
      else if (part === "\n") this.#lines.push("");
      else if (part !== "\x1b[J") this.#lines.push(`${this.#lines.pop() ?? ""}${part}`);
    }
  }

  get shown(): string[] {
    return this.#lines.filter((line) => line !== "");
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a block of live lines", () => {
  it("is drawn over what was drawn before, with other output above", () => {
    const terminal = new Terminal(80, 24);
    let lines = ["a: 1", "b: 1"];
    const block = new LiveBlock(terminal, () => lines);
    block.changed();
    vi.advanceTimersByTime(1000);
    expect(terminal.shown).toEqual(["a: 1", "b: 1"]);
    lines = ["a: 2"];
    block.erase();
    terminal.write("said\n");
    block.changed();
    vi.advanceTimersByTime(1000);
    expect(terminal.shown).toEqual(["said", "a: 2"]);
  });

  it("fits a narrow and low terminal while it lives, and is whole at the end", () => {
    const terminal = new Terminal(8, 4);
    const lines = ["one 1234567890", "two", "three", "four", "five"];
    const block = new LiveBlock(terminal, () => lines);
    block.changed();
    vi.advanceTimersByTime(1000);
    expect(terminal.shown).toEqual(["one ...", "two", "... ..."]);
    block.close();
    expect(terminal.shown).toEqual(["one", "  1234567890", "two", "three", "four", "five"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is erased whole after a terminal became narrower, and broke its lines", () => {
    const written: string[] = [];
    const screen = { columns: 80, rows: 24, write: (text: string) => written.push(text) };
    const block = new LiveBlock(screen, () => ["x".repeat(70), "short"]);
    block.changed();
    vi.advanceTimersByTime(1000);
    screen.columns = 30;
    block.erase();
    expect(written.at(-1)).toBe("\r\x1b[4A\x1b[J");
  });

  it("is erased whole when the cursor stands behind what was typed", () => {
    const written: string[] = [];
    const block = new LiveBlock({ columns: 80, rows: 24, write: (text) => written.push(text) }, () => ["a"]);
    block.changed();
    vi.advanceTimersByTime(1000);
    block.erase();
    expect(written.at(-1)).toBe("\r\x1b[1A\x1b[J");
  });
});

it.each([
  ["short", 80, "short"],
  ["12345678", 8, "1234..."],
  ["1234567", 8, "1234567"],
  ["1234567", 3, ".."],
  ["1234567", 1, "."],
])("the line %j in %i columns is %j", (line, columns, fitted) => {
  expect(fitColumns(line, columns)).toBe(fitted);
});

it.each([
  [["a", "b"], 3, ["a", "b"]],
  [["a", "b", "c"], 3, ["a", "... and 2 more"]],
  [["a", "b", "c"], 1, ["... and 3 more"]],
])("the lines %j in %i rows are %j", (lines, rows, fitted) => {
  expect(fitRows(lines, rows)).toEqual(fitted);
});
