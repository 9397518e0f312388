import { expect, test } from "vitest";
import { Fields, Malformed } from "../../../../host/cache/disk/fields.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const digest = digestNamed("archive");

const fields = new Fields({
  text: "a",
  count: 3,
  flag: false,
  digest,
  date: "2026-06-24T00:00:00.000Z",
  null: null,
});

test("fields of the right kind are given", () => {
  expect(fields.text("text")).toBe("a");
  expect(fields.count("count")).toBe(3);
  expect(fields.flag("flag")).toBe(false);
  expect(fields.digest("digest")).toBe(digest);
  expect(fields.date("date")).toEqual(new Date(Date.UTC(2026, 5, 24)));
  expect(fields.parsed("text", (text) => (text === "a" ? 1 : undefined))).toBe(1);
});

test.each([null, [], "text", 1, undefined])("%j is not an object with fields", (value) => {
  expect(() => new Fields(value)).toThrow(Malformed);
});

test.each([-1, 1.5, 2 ** 53, "3", null])("%j is not a count", (count) => {
  expect(() => new Fields({ count }).count("count")).toThrow(new Malformed("count is not a count"));
});

test("a field of another kind is named", () => {
  expect(() => fields.text("count")).toThrow(new Malformed("count is not a string"));
  expect(() => fields.flag("text")).toThrow(new Malformed("text is not true or false"));
  expect(() => fields.date("text")).toThrow(new Malformed("text is not a date"));
  expect(() => fields.digest("text")).toThrow(new Malformed("text has the wrong form"));
});

test("only a field that is absent is optional: one of another kind is not", () => {
  expect(fields.optional("absent", (name) => fields.text(name))).toBeUndefined();
  expect(fields.optional("text", (name) => fields.text(name))).toBe("a");
  expect(() => fields.optional("null", (name) => fields.text(name))).toThrow(Malformed);
});

test("what every object inherits is not a field", () => {
  expect(fields.optional("constructor", () => "inherited")).toBeUndefined();
  expect(() => fields.text("toString")).toThrow(Malformed);
});
