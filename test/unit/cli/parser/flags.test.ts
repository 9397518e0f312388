import { Command } from "commander";
import { expect, it } from "vitest";
import { addGlobalOptions, type GlobalFlags } from "../../../../host/cli/options/global.js";
import { flagsOf } from "../../../../host/cli/parser/flags.js";

/** The flags that `kheaders cache ls` has in a command line. */
async function flags(...words: string[]): Promise<GlobalFlags> {
  const program = new Command("kheaders").enablePositionalOptions();
  const cache = program.command("cache").enablePositionalOptions();
  const ls = cache.command("ls").action(() => undefined);
  for (const command of [program, cache, ls]) addGlobalOptions(command);
  await program.parseAsync(words, { from: "user" });
  return flagsOf<GlobalFlags>(ls);
}

it.each([[["--json", "cache", "ls"]], [["cache", "--json", "ls"]], [["cache", "ls", "--json"]]])(
  "an option may stand before and after the command: %j",
  async (words) => {
    expect(await flags(...words)).toMatchObject({ json: true, timeout: 300 });
  },
);

it("the last one counts, whatever the default is", async () => {
  expect(await flags("--timeout", "5", "cache", "ls")).toMatchObject({ timeout: 5 });
  expect(await flags("--timeout", "5", "cache", "ls", "--timeout", "7")).toMatchObject({ timeout: 7 });
});

it("those that may be given several times are collected", async () => {
  expect(await flags("-s", "a", "cache", "-s", "b", "ls", "-s", "c", "-s", "d")).toMatchObject({
    s: ["a", "b", "c", "d"],
  });
});
