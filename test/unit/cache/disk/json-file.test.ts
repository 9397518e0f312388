import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Fields } from "../../../../host/cache/disk/fields.js";
import { readJson, replaceFile, writeJson } from "../../../../host/cache/disk/json-file.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

const nameOf = (fields: Fields) => fields.text("name");

test("what was written is read, and undefined fields are left out", () => {
  const file = path.join(temporaryFolder(), "a.json");
  writeJson(file, { name: "a", other: undefined });
  expect(readJson(file, nameOf)).toBe("a");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ format: 1, name: "a" });
});

test.each([
  ["missing", undefined],
  ["empty", ""],
  ["zeros, as after a power cut", "\0".repeat(40)],
  ["cut short", '{"format":1,"na'],
  ["without a format number", '{"name":"a"}'],
  ["of another format", '{"format":2,"name":"a"}'],
  ["of another shape", '{"format":1,"name":3}'],
  ["not an object", "[1]"],
  ["too large", `{"format":1,"name":"a"}${" ".repeat(1024 * 1024)}`],
])("a file that is %s counts as missing", (_what, text) => {
  const file = path.join(temporaryFolder(), "a.json");
  if (text !== undefined) writeFileSync(file, text);
  expect(readJson(file, nameOf)).toBeUndefined();
});

test("a bug in the parser is not taken for a bad file", () => {
  const file = path.join(temporaryFolder(), "a.json");
  writeJson(file, {});
  const parse = () => {
    throw new TypeError("a bug");
  };
  expect(() => readJson(file, parse)).toThrow("a bug");
});

test("a file is replaced whole, and a failure leaves nothing behind", () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "text");
  replaceFile(file, "a long first text");
  replaceFile(file, "second");
  expect(readFileSync(file, "utf8")).toBe("second");
  const taken = path.join(folder, "folder");
  mkdirSync(taken);
  expect(() => replaceFile(taken, "text")).toThrow(
    expect.objectContaining({ code: "cache-failed", message: expect.stringContaining(taken) }),
  );
  expect(readdirSync(folder).sort()).toEqual(["folder", "text"]);
});
