import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Position, placeOf } from "../../../../host/cli/completion/position.js";
import { type Sources, valueKinds, valueName, valuesOf } from "../../../../host/cli/completion/values.js";
import { argument, option } from "../../../../host/cli/options/option.js";
import type { CliCommand } from "../../../../host/cli/parser/cli-command.js";
import { makeProgram } from "../../../../host/cli/program.js";

let program: CliCommand;
beforeAll(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  program = await makeProgram(["--help"]);
  return () => vi.unstubAllGlobals();
  // To load all commands takes long on a busy machine.
}, 120_000);

function allCommands(command: CliCommand): CliCommand[] {
  return [command, ...command.commands.flatMap((one) => allCommands(one as CliCommand))];
}

const sources: Sources = {
  devices: async () => [
    { serial: "a b", state: "device", model: "Pixel", transportId: "7", usb: true },
    { serial: "c", state: "offline", model: undefined, transportId: undefined, usb: true },
  ],
  kernels: async () => [],
};

describe("what a value is", () => {
  it("is told by its name, which is known for each option and argument", () => {
    const values = allCommands(program).flatMap((command) => [
      ...command.options.filter(({ required, optional }) => required || optional),
      ...command.registeredArguments,
    ]);
    // A value with another name needs a line in valueKinds, or should have one of the names there.
    const names = values.filter(({ argChoices }) => !argChoices).map(valueName);
    expect([...new Set(names)].filter((name) => !(name in valueKinds))).toEqual([]);
  });

  it("may be a device, which is described by its model and what is wrong with it", async () => {
    expect(await valuesOf(option("-s <serial>", ""), sources)).toEqual({
      candidates: [
        { word: "a b", description: "Pixel" },
        { word: "c", description: "offline" },
      ],
      fromShell: "nothing",
    });
    expect((await valuesOf(option("-t <id>", ""), sources)).candidates).toEqual([
      { word: "7", description: "a b" },
    ]);
  });

  it("may be one of its choices, or what the shell knows", async () => {
    const choice = option("--mcpu <version>", "", { choices: ["v1", "v2"] });
    expect((await valuesOf(choice, sources)).candidates.map(({ word }) => word)).toEqual(["v1", "v2"]);
    expect(await valuesOf(option("-o, --output <file>", ""), sources)).toMatchObject({ fromShell: "files" });
    expect(await valuesOf(argument("[tree]", ""), sources)).toMatchObject({ fromShell: "folders" });
  });
});

/** What may stand after these words. */
function position(
  words: readonly string[],
  current = "",
): { type: Position["type"]; of?: string; prefix?: string } {
  const { position: found } = placeOf(program, words, current);
  if (found.type === "value") return { type: found.type, of: valueName(found.of), prefix: found.prefix };
  return "command" in found ? { type: found.type, of: found.command.name() } : found;
}

describe("the place of the cursor", () => {
  it.each([
    [[], "", { type: "command", of: "kheaders" }],
    [[], "-", { type: "option", of: "kheaders" }],
    [["cache"], "", { type: "command", of: "cache" }],
    [["help", "cache"], "", { type: "command", of: "cache" }],
    [["-s"], "", { type: "value", of: "serial", prefix: "" }],
    [["-s", "pull"], "", { type: "command", of: "kheaders" }],
    [["--wait", "pull", "-s"], "x", { type: "value", of: "serial", prefix: "" }],
    [["info", "--json"], "", { type: "value", of: "tree", prefix: "" }],
    [["bpf", "a.c"], "--tree=ab", { type: "value", of: "tree", prefix: "--tree=" }],
    [["cache", "rm", "a", "b"], "", { type: "value", of: "what", prefix: "" }],
    [["pull"], "", { type: "option", of: "pull" }],
    [["module", ".", "--"], "-", { type: "other" }],
    [["exec"], "", { type: "value", of: "command", prefix: "" }],
    [["exec", "ls"], "-", { type: "other" }],
  ])("after %j, at %j, is %j", (words, current, expected) => {
    expect(position(words, current)).toEqual(expected);
  });

  it("knows which server was named", () => {
    expect(placeOf(program, ["-P", "5038", "pull", "--cache-dir=x", "-s"], "").given).toEqual({
      P: "5038",
      cacheDir: "x",
    });
  });
});
