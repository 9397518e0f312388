import { expect, it } from "vitest";
import { runTool } from "../../../host/process/tool.js";

const signal = new AbortController().signal;

it("keeps what a tool says on either stream, and gives it its input", async () => {
  const script = "cat; echo oops >&2; exit 3";
  expect(await runTool("sh", ["-c", script], { signal, input: "hello\n", hint: "" })).toEqual({
    status: 3,
    stdout: "hello\n",
    stderr: "oops\n",
    isCut: false,
  });
});

it("ends a tool that says more than it may", async () => {
  const { isCut, stdout } = await runTool("yes", [], { signal, hint: "", maxOutputBytes: 100_000 });
  expect(isCut).toBe(true);
  expect(stdout.length).toBeLessThanOrEqual(100_000);
});

it("does not mind a tool that leaves its input unread", async () => {
  const input = "x".repeat(1_000_000);
  expect(await runTool("true", [], { signal, input, hint: "" })).toMatchObject({ status: 0 });
});

it("ends a tool when it is told to, with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const running = runTool("sleep", ["600"], { signal: controller.signal, hint: "" });
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
});

it("says what is not installed, and what to do", async () => {
  await expect(runTool("/no-such-folder/tool", [], { signal, hint: "Install it." })).rejects.toMatchObject({
    code: "tool-missing",
    message: "/no-such-folder/tool was not found",
    hint: "Install it.",
  });
});
