import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cmakeWord, compileFlagsLine, makeWord, shellWord } from "../../../host/build/quoting.js";
import { findProgram } from "../../support/programs.js";
import { skipBecause } from "../../support/skip.js";

/** What a folder's name or a macro may bring along. */
const words = [
  "-O2",
  "-I/plain/path_1+2@3",
  "",
  "two words",
  "it's",
  '"quoted"',
  "$HOME",
  "$(id)",
  "`id`",
  "$$",
  "back\\slash",
  "ends\\",
  "#hash",
  "a\\#b",
  "a\\\\#b",
  "semi;colon",
  "star*?[a]",
  "~",
  '-DX="a b"',
  "ünïcödé",
  "a&b|c<d>e",
  "%s",
  "{a,b}",
  "!x",
  "tab\there",
  "@file",
  "[[x]]",
  "=[a]=",
  "%VAR%",
  "\u0001",
  "a;id",
  "' $(id) '",
];

/** Words that stay one only where lines may break. */
const broken = ["line\nbreak", "x\n-DY", "x\r\ny"];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-quoting-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program got: it prints each of its arguments with a NUL after it. */
function split(printed: string): string[] {
  return printed.split("\0").slice(0, -1);
}

it("leaves a word alone that a shell takes as it is", () => {
  expect(shellWord("-I/a/b-c_d.e+f")).toBe("-I/a/b-c_d.e+f");
});

it("quotes words so that a shell gives them back", () => {
  const hostile = [...words, ...broken];
  const command = `printf '%s\\0' ${hostile.map(shellWord).join(" ")}`;
  expect(split(execFileSync("sh", ["-c", command], { encoding: "utf8" }))).toEqual(hostile);
});

it.each(broken)("refuses %j where a line's end ends all", (word) => {
  const refusal = expect.objectContaining({
    code: "usage",
    message: expect.stringMatching(/cannot hold a line break: .*\\n/),
  });
  expect(() => makeWord(word)).toThrow(refusal);
  expect(() => compileFlagsLine(word)).toThrow(refusal);
});

it.each(["a[b", "c]d", "]x[", "ends\\"])("refuses %j in a list of CMake", (word) => {
  expect(() => cmakeWord(word)).toThrow(
    expect.objectContaining({
      code: "usage",
      message: expect.stringContaining("a list of CMake cannot hold"),
    }),
  );
});

if (findProgram("make") === undefined) {
  skipBecause("there is no make", "quotes words so that make's shell gives them back");
} else {
  it("quotes words so that make's shell gives them back", () => {
    const makefile = join(folder, "Makefile");
    writeFileSync(makefile, `FLAGS := ${words.map(makeWord).join(" ")}\nall:\n\t@printf '%s\\0' $(FLAGS)\n`);
    expect(split(execFileSync("make", ["-s", "-f", makefile], { encoding: "utf8" }))).toEqual(words);
  });
}

if (findProgram("cmake") === undefined) {
  skipBecause("there is no cmake", "quotes words so that CMake gives them back");
} else {
  it("quotes words so that CMake gives them back", () => {
    // CMake's lists know no such elements: empty ones vanish, and a backslash at the end joins what follows.
    const passed = words.filter((word) => word !== "" && !word.endsWith("\\"));
    const script = join(folder, "words.cmake");
    const list = `set(FLAGS ${passed.map(cmakeWord).join(" ")})`;
    writeFileSync(script, `${list}\nexecute_process(COMMAND printf "%s\\\\0" \${FLAGS} OUTPUT_FILE out)\n`);
    execFileSync("cmake", ["-P", script], { cwd: folder });
    const printed = execFileSync("cat", [join(folder, "out")], { encoding: "utf8" });
    expect(split(printed)).toEqual(passed);
  });
}
