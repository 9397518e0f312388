import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import noDebug from "../../../host/adb/no-debug.js";

const { resolve } = createRequire(import.meta.url);

it("has all that adbkit's connection and parser use of debug", () => {
  const sources = ["connection", "parser", "protocol", "dump"].map((name) =>
    readFileSync(resolve(`@devicefarmer/adbkit/dist/src/adb/${name}.js`), "utf8"),
  );
  const used = sources.flatMap((source) => source.match(/debug_1\b.*/g) ?? []);
  expect(
    used.filter((line) => !/^debug_1 = __importDefault\(|^debug_1\.default\)\('[\w:]+'\);/.test(line)),
  ).toEqual([]);
  expect(sources.join("")).not.toMatch(/\bdebug\.\w/);
});

it("says nothing", () => {
  expect(noDebug()("message")).toBeUndefined();
});
