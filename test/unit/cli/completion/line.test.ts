import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bashWord, readBashLine } from "../../../../host/cli/completion/line.js";

/** bash's default. */
const breaks = " \t\n\"'><=;|&(:";

describe("a line up to the cursor", () => {
  it.each([
    ["kheaders pu", { before: ["kheaders"], current: "pu", kept: 0, quote: "" }],
    ["kheaders pull ", { before: ["kheaders", "pull"], current: "", kept: 0, quote: "" }],
    ["kheaders  -s\ta\\ b ", { before: ["kheaders", "-s", "a b"], current: "", kept: 0, quote: "" }],
    ["kheaders -s ''", { before: ["kheaders", "-s"], current: "", kept: 0, quote: "" }],
    [`k -s 'a "b' "c 'd"`, { before: ["k", "-s", 'a "b'], current: "c 'd", kept: 0, quote: "" }],
    ["k 127.0.0.1:15", { before: ["k"], current: "127.0.0.1:15", kept: 10, quote: "" }],
    ["k --tree=ab", { before: ["k"], current: "--tree=ab", kept: 7, quote: "" }],
    ["k a\\:b", { before: ["k"], current: "a:b", kept: 0, quote: "" }],
    [`k "a:b c`, { before: ["k"], current: "a:b c", kept: 0, quote: '"' }],
    [`k x'a:b`, { before: ["k"], current: "xa:b", kept: 1, quote: "'" }],
    [`k "a\\"\\x`, { before: ["k"], current: 'a"\\x', kept: 0, quote: '"' }],
    ["k a\\", { before: ["k"], current: "a\\", kept: 0, quote: "" }],
  ])("%j is read as bash does", (line, read) => {
    expect(readBashLine(line, breaks)).toMatchObject(read);
  });
});

describe("a word", () => {
  const words = [
    "plain",
    "a b",
    `Bob's "phone" $1 \\x;y:5`,
    "~user",
    "#x",
    "é語",
    "a*?[b]{c}",
    "!x",
    "`id`$(id)",
  ];

  it.each(words)("%j is read by bash as it was, in each kind of quotes", (word) => {
    const script = `printf '%s\\n' ${bashWord(word, "")} '${bashWord(word, "'")}' "${bashWord(word, '"')}"`;
    const { stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    expect(stdout).toBe(`${word}\n`.repeat(3));
  });

  it("that needs no quotes has none", () => {
    expect(bashWord("127.0.0.1:5555", "")).toBe("127.0.0.1:5555");
  });
});
