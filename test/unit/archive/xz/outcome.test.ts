import { expect, it } from "vitest";
import { Outcome } from "../../../../host/archive/xz/outcome.js";

it("an outcome is the first that is told", () => {
  const failed = new Outcome();
  expect(failed.isKnown).toBe(false);
  failed.throwIfFailed();
  failed.fail(new Error("first"));
  failed.fail(new Error("second"));
  failed.succeed();
  expect(failed.isKnown).toBe(true);
  expect(() => failed.throwIfFailed()).toThrow("first");

  const done = new Outcome();
  done.succeed();
  done.fail(new Error("too late"));
  expect(done.isKnown).toBe(true);
  done.throwIfFailed();
});

it("an outcome may be an error that is undefined, as a signal's reason may be", () => {
  const outcome = new Outcome();
  outcome.fail(undefined);
  expect(() => outcome.throwIfFailed()).toThrow();
});
