import { describe, expect, it } from "vitest";
import { wrapExamples, wrapItem, wrapText, wrapWords } from "../../../../host/cli/help/wrap.js";

describe("words", () => {
  it("fill lines up to the width, and are never broken", () => {
    expect(wrapWords("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapWords("a incomprehensible b", 5)).toEqual(["a", "incomprehensible", "b"]);
    expect(wrapWords(" ", 5)).toEqual([]);
  });
});

describe("the item of a list", () => {
  it("has its text beside it, or below where it is too long", () => {
    expect(wrapItem("  -o", "where it goes to", 6, 32)).toEqual(["  -o  where it goes to"]);
    expect(wrapItem("  --output", "where", 6, 32)).toEqual(["  --output", "      where"]);
  });

  it("goes on in its column", () => {
    expect(wrapItem("  -o", "one two three four five six", 6, 30)).toEqual([
      "  -o  one two three four five",
      "      six",
    ]);
  });

  it("has its text below it where there is little room beside it", () => {
    expect(wrapItem("  --output <file>", "one two three four five", 20, 30)).toEqual([
      "  --output <file>",
      "      one two three four five",
    ]);
  });
});

describe("paragraphs", () => {
  it("are filled anew, each for itself", () => {
    expect(wrapText("one\ntwo three\n\nfour", 9)).toEqual(["one two", "three", "", "four"]);
  });

  it("may have lists, whose items hang", () => {
    const text = "One of:\n  built-in  the kernel has them, and more of it\n  none      nothing";
    expect(wrapText(text, 38)).toEqual([
      "One of:",
      "  built-in  the kernel has them, and",
      "            more of it",
      "  none      nothing",
    ]);
  });
});

describe("examples", () => {
  it("have their comments beside them, in a column", () => {
    expect(wrapExamples(["pull # one", "devices # all"], 40)).toEqual(["$ pull    # one", "$ devices # all"]);
  });

  it("have their comments above them where one does not fit beside", () => {
    expect(wrapExamples(["pull # one", "cache prune # a longer one"], 20)).toEqual([
      "# one",
      "$ pull",
      "# a longer one",
      "$ cache prune",
    ]);
  });

  it("are broken after a pipe, which needs no backslash", () => {
    expect(wrapExamples(["pull --json | jq -r .release"], 22)).toEqual([
      "$ pull --json |",
      "    jq -r .release",
    ]);
  });

  it("are broken with a backslash, but not in what is quoted", () => {
    expect(wrapExamples(["pull --match 'model=Pixel 7 | 8' --json -v"], 30)).toEqual([
      "$ pull --match \\",
      "    'model=Pixel 7 | 8' \\",
      "    --json -v",
    ]);
    expect(wrapExamples(["clang $(kheaders cflags --bpf) prog.c"], 34)).toEqual([
      "$ clang $(kheaders cflags --bpf) \\",
      "    prog.c",
    ]);
  });
});
