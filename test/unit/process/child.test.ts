import { expect, it } from "vitest";
import { notStarted, shellStatus, signalGroup } from "../../../host/process/child.js";

it("gives the status of a shell, also for what a signal ended", () => {
  expect(shellStatus(3, null)).toBe(3);
  expect(shellStatus(null, "SIGTERM")).toBe(143);
});

it("sends nothing to a group that ended, or was never there", () => {
  // The largest number that Linux gives to a process is 4,194,304.
  expect(() => signalGroup(2 ** 30, "SIGTERM")).not.toThrow();
  expect(() => signalGroup(undefined, "SIGTERM")).not.toThrow();
});

it.each([
  ["ENOENT", "tool was not found"],
  ["EACCES", "tool was not found or is not executable"],
  ["ENOEXEC", "tool cannot be run"],
])("says of %s: %s", (code, message) => {
  const cause = Object.assign(new Error("spawn"), { code });
  expect(notStarted("tool-missing", "tool", cause, "Install it.")).toMatchObject({
    code: "tool-missing",
    message,
    hint: "Install it.",
  });
});
