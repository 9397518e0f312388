import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addGlobalOptions, helpSettings } from "../../../host/cli/options/global.js";

const folder = fileURLToPath(new URL("../../../host/cli/commands", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts"),
);

/** The pages of help of a command and its subcommands, as they are on a terminal of 80 columns. */
async function pagesOf(file: string): Promise<string[]> {
  const program = new Command("kheaders").configureHelp(helpSettings);
  addGlobalOptions(program);
  const { add }: { add: (program: Command) => void } = await import(join(folder, file));
  add(program);
  return [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)].map(pageOf);
}

function pageOf(command: Command): string {
  let page = "";
  command.configureOutput({ writeOut: (text) => (page += text), getOutHelpWidth: () => 80 }).outputHelp();
  return page;
}

describe.each(files)("the command in %s", (file) => {
  it("has help that fits 80 columns", async () => {
    const lines = (await pagesOf(file)).join("\n").split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it("has examples, and a summary that fits the list of commands", async () => {
    const [list = "", ...pages] = await pagesOf(file);
    expect(pages.length).toBeGreaterThan(0);
    for (const page of pages) expect(page).toMatch(/\nExamples?:\n {2}\$ .*kheaders /);
    expect(list).toMatch(/^ {2}\w+.* {2,}\S.*$/m);
  });
});

it("a tree is named by each command in the same words", async () => {
  const pages = (await Promise.all(files.map(pagesOf))).flat();
  const named = pages.flatMap(
    (page) => /^ {2}(?:tree|--tree <tree>) +(.*(?:\n {10,}\S.*)*)/m.exec(page)?.[1] ?? [],
  );
  expect(named.length).toBeGreaterThan(6);
  expect(new Set(named.map((text) => text.replace(/\s+/g, " "))).size).toBe(1);
});
