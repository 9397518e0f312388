import { expect, it } from "vitest";
import { waitingEvent } from "../../../shared/progress.js";

it.each([
  ["another process, by its id", process.pid + 1, { detail: `process ${process.pid + 1}` }],
  ["this process, which needs no name", process.pid, {}],
  ["a process that is not known", undefined, {}],
])("waits for %s", (_what, pid, detail) => {
  expect(waitingEvent("waiting-for-other-build", pid)).toEqual({
    type: "stage",
    stage: "waiting-for-other-build",
    ...detail,
  });
});
