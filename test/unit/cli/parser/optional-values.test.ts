import { Option } from "commander";
import { expect, it } from "vitest";
import { withoutSwallowing } from "../../../../host/cli/parser/optional-values.js";

const options = [new Option("-s <serial>"), new Option("--wait [seconds]"), new Option("--json")];

it.each([
  [
    ["--wait", "pull"],
    ["--wait=", "pull"],
  ],
  [
    ["-s", "--wait", "pull"],
    ["-s", "--wait", "pull"],
  ],
  [
    ["-s", "a", "--wait", "pull"],
    ["-s", "a", "--wait=", "pull"],
  ],
  [
    ["--wait", "60"],
    ["--wait", "60"],
  ],
  [
    ["--wait", "--json"],
    ["--wait", "--json"],
  ],
  [["--wait"], ["--wait"]],
  [
    ["--wait", ""],
    ["--wait", ""],
  ],
  [
    ["--", "--wait", "x"],
    ["--", "--wait", "x"],
  ],
])("%j is read as %j", (words, read) => {
  expect(withoutSwallowing(words, options, false)).toEqual(read);
});

it("leaves the options of another program alone", () => {
  expect(withoutSwallowing(["ls", "--wait", "x"], options, true)).toEqual(["ls", "--wait", "x"]);
  expect(withoutSwallowing(["ls", "--wait", "x"], options, false)).toEqual(["ls", "--wait=", "x"]);
});
