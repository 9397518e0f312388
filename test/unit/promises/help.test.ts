import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { commandTable } from "../../../host/cli/command-table.js";
import { helpPage } from "../../../host/cli/help/page.js";
import { pathOf } from "../../../host/cli/help/suggest.js";
import type { CliCommand } from "../../../host/cli/parser/cli-command.js";
import { makeProgram } from "../../../host/cli/program.js";

const folder = fileURLToPath(new URL("../../../host/cli/commands", import.meta.url));

let program: CliCommand;
let commands: CliCommand[];
beforeAll(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  program = await makeProgram(["--help"]);
  commands = withSubcommands(program);
  return () => vi.unstubAllGlobals();
  // To load all commands takes long on a busy machine.
}, 120_000);

function withSubcommands(command: CliCommand): CliCommand[] {
  return [command, ...command.commands.flatMap((one) => withSubcommands(one as CliCommand))];
}

function pageOf(command: CliCommand, width = 80): string {
  return helpPage(command, command.texts, width);
}

describe("the commands", () => {
  it.each(["get", "use"] as const)("in the folder %s are those of that group", (group) => {
    const files = readdirSync(`${folder}/${group}`).map((file) => file.replace(/\.ts$/, ""));
    expect(Object.keys(commandTable[group]).sort()).toEqual(files.sort());
  });

  it("in the folder cache are those that keep headers, and the subcommands of one of them", () => {
    const files = readdirSync(`${folder}/cache`).map((file) => file.replace(/\.ts$/, ""));
    const subcommands = program.commands.find((command) => command.name() === "cache")?.commands ?? [];
    const names = [...Object.keys(commandTable.cache), ...subcommands.map((command) => command.name())];
    expect(files.filter((file) => !names.includes(file))).toEqual([]);
    for (const name of Object.keys(commandTable.cache)) expect(files).toContain(name);
  });

  it("take one line each in the list, and stand alone there", () => {
    const names = Object.values(commandTable).flatMap((group) => Object.keys(group));
    const [, list = ""] = pageOf(program).split("\nGet headers:\n");
    const [ours = ""] = list.split("\nHelp:\n");
    const lines = ours.split("\n").filter((line) => line.startsWith("  "));
    expect(lines.map((line) => line.trim().split(" ")[0])).toEqual(names);
    // All texts begin in one column.
    expect(new Set(lines.map((line) => line.search(/(?<= {2})\S(?!.* {2})/))).size).toBe(1);
  });

  it("have examples, and a description", () => {
    for (const command of commands)
      expect(pageOf(command), pathOf(command)).toMatch(/\nExamples?:\n {2}[$#] /);
    for (const command of commands) expect(command.description()).toMatch(/^[A-Z].*\.$/);
  });
});

describe.each([60, 80, 100])("in %d columns", (width) => {
  it("no line of help is wider", () => {
    const wide = commands.flatMap((command) =>
      pageOf(command, width)
        .split("\n")
        .filter((line) => line.length > width),
    );
    expect(wide).toEqual([]);
  });

  it("help has the same words as in one long line", () => {
    const words = (page: string) => page.replace(/\\\n/g, " ").split(/\s+/).sort();
    for (const command of commands)
      expect(words(pageOf(command, width))).toEqual(words(pageOf(command, 9999)));
  });
});

it("a tree is named by each command in the same words", () => {
  const named = commands.flatMap(
    (command) => /^ {2}(?:tree|--tree <tree>) +(.*)$/m.exec(pageOf(command, 9999))?.[1] ?? [],
  );
  expect(named.length).toBeGreaterThan(6);
  expect(new Set(named).size).toBe(1);
});
