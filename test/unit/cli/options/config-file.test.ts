import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { configFile, flagsFrom, readSettings } from "../../../../host/cli/options/config-file.js";
import { option } from "../../../../host/cli/options/option.js";
import { parseSeconds } from "../../../../host/cli/options/units.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

/** A command below another, as it was given on the command line. */
function commandWith(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const parent = new Command("kheaders");
  const cacheDir = () => option("--cache-dir <dir>", "");
  parent.addOption(cacheDir());
  const command = parent.command("pull").action(() => undefined);
  for (const each of [
    cacheDir(),
    option("--store <address>", ""),
    option("--store-write", ""),
    option("--no-su", ""),
    option("--stall <seconds>", "", { parse: parseSeconds, default: 30 }),
  ])
    command.addOption(each);
  parent.enablePositionalOptions().parse(words, { from: "user" });
  return (settings: object) =>
    flagsFrom(new Map(Object.entries(settings)), command, { file: "/kheaders.json", environment });
}

const all = { store: "oci:/a", "store-write": true, su: false, stall: 7, "cache-dir": "/c" };

test("what the file has is taken where nothing was given", () => {
  expect(commandWith(["pull"])(all)).toEqual({
    store: "oci:/a",
    storeWrite: true,
    su: false,
    stall: 7,
    cacheDir: "/c",
  });
});

test("the command line comes first, also before the command, and then variables", () => {
  const given = commandWith(["--cache-dir", "/d", "pull", "--stall", "9", "--no-su"], { KHEADERS_STORE: "" });
  expect(given(all)).toEqual({ storeWrite: true });
});

test("options that the command does not have are left out", () => {
  expect(commandWith(["pull"])({ timeout: 5, "store-insecure": true })).toEqual({});
});

test.each<[object, string]>([
  [{ stall: "soon" }, '--stall: invalid value "soon"'],
  [{ store: true }, "/kheaders.json: store: expected a text or a number"],
  [{ "store-write": "yes" }, "/kheaders.json: store-write: expected true or false"],
])("a wrong value is an error: %j", (settings, message) => {
  expect(() => commandWith(["pull"])(settings)).toThrow(message);
});

test("the file is read; no file has nothing", () => {
  const folder = temporaryFolder();
  const file = join(folder, "kheaders.json");
  expect(readSettings(file)).toEqual(new Map());
  writeFileSync(file, JSON.stringify(all));
  expect(readSettings(file)).toEqual(new Map(Object.entries(all)));
});

test.each([
  ["{", "cannot be used: "],
  ["[]", "it is not a JSON object"],
  ['{"stor":"x"}', 'unknown option "stor" (expected cache-dir, store, '],
  [`{"store":"${"x".repeat(70_000)}"}`, "it is not a file of at most"],
])("a file that is wrong is an error that names it", (text, message) => {
  const file = join(temporaryFolder(), "kheaders.json");
  writeFileSync(file, text);
  expect(() => readSettings(file)).toThrow(file);
  expect(() => readSettings(file)).toThrow(message);
});

test("a folder in its place is an error", () => {
  const file = join(temporaryFolder(), "kheaders.json");
  mkdirSync(file);
  expect(() => readSettings(file)).toThrow("it is not a file");
});

test("it lies in the platform's folder", async () => {
  expect(await configFile()).toMatch(/\/kheaders\/kheaders\.json$/);
});
