import { describe, expect, it } from "vitest";
import { printable, printableJson, printableLength } from "../../../shared/printable.js";

describe("printable", () => {
  it.each([
    ["google/oriole/oriole:14/AP1A.240405.002/11480754:user/release-keys", undefined],
    ['Gr\u00fc\u00dfe \u6f22\u5b57 \u{1f427} \\ "quoted" `$x`', undefined],
    ["two\nlines\r\tand\ttabs", "two\\nlines\\r\\tand\\ttabs"],
    ["\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"],
    ["\x00 \x7f \x9b31m", "\\x00 \\x7f \\x9b31m"],
    ["\u202etxt.exe\u2066", "\\u202etxt.exe\\u2066"],
    ["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
    ["line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["half \ud83d", "half \\ud83d"],
  ])("shows %j safely", (text, shown) => {
    expect(printable(text)).toBe(shown ?? text);
  });

  it("shows bytes that are not UTF-8 as such", () => {
    expect(printable(Buffer.from("a\xffb\x1b", "latin1"))).toBe("a\ufffdb\\x1b");
    expect(printable(Buffer.from("Gr\u00fc\u00dfe"))).toBe("Gr\u00fc\u00dfe");
    expect(printable(Buffer.from("\ufeffx"))).toBe("\\ufeffx");
  });

  it("cuts what is too long, and never within an escape or a character", () => {
    expect(printable("x".repeat(65_536))).toBe(`${"x".repeat(printableLength - 1)}\u2026`);
    expect(printable(Buffer.alloc(65_536, "x"))).toHaveLength(printableLength);
    expect(printable("12345", 5)).toBe("12345");
    expect(printable("123456", 5)).toBe("1234\u2026");
    expect(printable("12\x1b6", 6)).toBe("12\u2026");
    expect(printable("123\u{1f427}\u{1f427}", 5)).toBe("123\u2026");
    expect(printable(Buffer.from("\u{1f427}".repeat(9)), 5)).toBe("\u{1f427}\u{1f427}\u2026");
    expect(printable("12", 1)).toBe("\u2026");
    expect(printable("12", 0)).toBe("");
  });

  it("changes nothing when applied twice", () => {
    for (const text of ["a\x1b[0m\\x1b", "\ud83d\u202e", "x\n".repeat(300)]) {
      expect(printable(printable(text))).toBe(printable(text));
    }
  });
});

describe("printableJson", () => {
  it("is the JSON of the same value, with nothing in it that a terminal would act on", () => {
    const value = {
      text: "\x9b31m \x7f \u202etxt.exe\u2066 zero\u200bwidth\ufeff line\u2028 tag\u{e0041} half \ud83d \n",
      list: ["Grüße 漢字 \u{1f427}", { "\u200bkey": null }],
    };
    const json = printableJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(json).toContain('"Grüße 漢字 \u{1f427}"');
    expect(json).toContain("tag\\udb40\\udc41");
  });
});
