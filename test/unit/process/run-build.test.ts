import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runBuild } from "../../../host/process/run-build.js";

it("passes on what either stream says, and gives the status", async () => {
  let said = "";
  const status = await runBuild("sh", ["-c", "echo out; echo err >&2; exit 2"], {
    signal: new AbortController().signal,
    onOutput: (text) => {
      said += Buffer.from(text).toString();
    },
    hint: "",
  });
  expect(status).toBe(2);
  expect(said.split("\n").sort()).toEqual(["", "err", "out"]);
});

it("ends a build with all that it started, with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let pid = 0;
  const building = runBuild("sh", ["-c", "sleep 600 & echo $!; wait"], {
    signal: controller.signal,
    onOutput: (text) => {
      pid = Number(Buffer.from(text).toString());
      controller.abort(reason);
    },
    hint: "",
  });
  await expect(building).rejects.toBe(reason);
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it("says what is not installed in the words of every tool", async () => {
  const options = { signal: new AbortController().signal, onOutput: () => undefined, hint: "Install it." };
  await expect(runBuild("/no-such-folder/make", [], options)).rejects.toMatchObject({
    code: "tool-missing",
    message: "/no-such-folder/make was not found",
    hint: "Install it.",
  });
});

/** Whether a process still runs; one that ended may wait for its parent to notice. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false; // It is gone.
  }
}
