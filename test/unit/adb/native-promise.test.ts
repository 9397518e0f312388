import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import NativePromise from "../../../host/adb/native-promise.js";

const { resolve } = createRequire(import.meta.url);

it("has all that adbkit's connection and parser use of bluebird", () => {
  const sources = ["connection", "parser", "protocol", "dump"].map((name) =>
    readFileSync(resolve(`@devicefarmer/adbkit/dist/src/adb/${name}.js`), "utf8"),
  );
  const used = sources.flatMap((source) => source.match(/bluebird_1\.default\b(?:\.\w+)?/g) ?? []);
  expect([...new Set(used)].sort()).toEqual([
    "bluebird_1.default",
    "bluebird_1.default.config",
    "bluebird_1.default.reject",
    "bluebird_1.default.resolve",
  ]);
  expect(sources.join("")).not.toMatch(/\.(?:cancel|timeout|tap|spread|delay|asCallback|nodeify)\(/);
});

it("gives its executor a third function, which is never called back", async () => {
  let isCancelled = false;
  const promise = new NativePromise<number>((fulfil, _reject, onCancel) => {
    onCancel(() => {
      isCancelled = true;
    });
    fulfil(7);
  });
  expect(await promise.finally(() => undefined)).toBe(7);
  expect(isCancelled).toBe(false);
});
