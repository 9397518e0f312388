import { CommanderError } from "commander";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { option } from "../../../../host/cli/options/option.js";
import { parseCount } from "../../../../host/cli/options/units.js";
import { CliCommand } from "../../../../host/cli/parser/cli-command.js";

let program: CliCommand;
beforeEach(() => {
  program = new CliCommand("kheaders").version("1.2.3");
  program.configureOutput({ writeOut: () => undefined });
  const cache = program.command("cache");
  cache
    .command("prune")
    .addOption(option("--jobs <number>", "", { parse: parseCount }))
    .action(() => undefined);
});

/** What the parser throws at a command line. */
function thrownAt(...words: string[]): Promise<unknown> {
  return program.parseAsync(words, { from: "user" }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("what ends the parser without an error", () => {
  it.each(["--version", "--help"])("is passed on as it is: %s", async (word) => {
    const thrown = await thrownAt(word);
    expect(thrown).toBeInstanceOf(CommanderError);
    expect(thrown).toMatchObject({ exitCode: 0 });
  });
});

describe("an error of usage", () => {
  it.each([
    [
      ["cache", "prune", "--job", "1"],
      "unknown option '--job'",
      "Did you mean --jobs? See: kheaders cache prune --help",
    ],
    [["cache", "prune", "--jobs", "x"], /^--jobs: invalid value "x"/, "See: kheaders cache prune --help"],
    [["cache", "prune", "x\u001b"], "unexpected argument 'x\\x1b'", "See: kheaders cache prune --help"],
    [["cache", "prun"], "unknown command 'prun'", "See: kheaders cache --help"],
  ])("%j points at the page of its command", async (words, message, hint) => {
    expect(await thrownAt(...words)).toMatchObject({
      code: "usage",
      message: typeof message === "string" ? message : expect.stringMatching(message),
      hint,
    });
  });

  it("is that a command is missing, if there are only options", async () => {
    vi.stubGlobal("process", Object.assign(Object.create(process), { argv: ["node", "kheaders", "-v"] }));
    try {
      expect(await thrownAt()).toMatchObject({ code: "usage", hint: "For the version: kheaders --version" });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
