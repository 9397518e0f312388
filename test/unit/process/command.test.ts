import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { endOf } from "../../../host/process/command.js";

it("gives the status of a command", async () => {
  expect(await endOf(spawn("sh", ["-c", "exit 7"]), "sh")).toBe(7);
});

it("says which command there is not, as an error of usage", async () => {
  await expect(endOf(spawn("/no-such-folder/command"), "/no-such-folder/command")).rejects.toMatchObject({
    code: "usage",
    message: "/no-such-folder/command was not found",
  });
});
