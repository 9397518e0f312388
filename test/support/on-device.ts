import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AdbServer } from "../lab/index.js";
import type { Attached } from "./workstation.js";

/** Somebody else on the device, who holds on to something. */
export interface Holder {
  end(): Promise<void>;
}

/** Runs a command with the device's shell and has the shell stay until `end`. Resolves when the command has run. */
export async function startOnDevice(server: AdbServer, device: Attached, command: string): Promise<Holder> {
  const script = `${command} && echo held && cat`;
  const child = spawn("adb", ["-s", device.serial, "shell", script], {
    env: server.env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [said]: unknown[] = await Promise.race([once(child.stdout, "data"), ended]);
  if (String(said).trim() !== "held") throw new Error(`the device's shell ended: ${command}`);
  return {
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
