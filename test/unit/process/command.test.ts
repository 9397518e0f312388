import { expect, it } from "vitest";
import { startCommand } from "../../../host/process/command.js";

it("gives the status of a command", async () => {
  const { status } = startCommand("sh", ["-c", "exit 7"], { stdio: "ignore", environment: {} });
  expect(await status).toBe(7);
});

it("gives the status of a command that a signal ended", async () => {
  const { child, status } = startCommand("sleep", ["600"], { stdio: "ignore", environment: {} });
  child.kill("SIGTERM");
  expect(await status).toBe(143);
});

it("adds to the environment", async () => {
  const script = '[ "$KHEADERS_TREE" = /tree ] && [ -n "$PATH" ]';
  const environment = { KHEADERS_TREE: "/tree" };
  expect(await startCommand("sh", ["-c", script], { stdio: "ignore", environment }).status).toBe(0);
});

it("reports a missing command as a usage error", async () => {
  const { status } = startCommand("/no-such-folder/command", [], { stdio: "ignore", environment: {} });
  await expect(status).rejects.toMatchObject({
    code: "usage",
    message: "/no-such-folder/command was not found",
  });
});
