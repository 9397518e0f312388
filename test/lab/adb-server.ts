import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runAny } from "./command.js";
import { freePort, listens } from "./ports.js";

/** What an adb command printed. */
export interface AdbOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** An adb server of the test's own, on a port of its own: it never touches the one that the user has. */
export interface AdbServer {
  readonly port: number;
  readonly pid: number;
  /** The environment that makes adb, and what uses it, talk to this server. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs adb against this server. */
  adb(...args: string[]): Promise<AdbOutput>;
  /** `adb connect`; resolves when the device is online. @throws Error with what adb says where it does not. */
  connect(serial: string): Promise<void>;
  /** Ends the server as `kill -9` does. */
  killHard(): Promise<void>;
  stop(): Promise<void>;
}

const upWithin = 10_000;

/** Starts a private adb server that dies with this process. */
export async function startAdbServer(): Promise<AdbServer> {
  const home = await mkdtemp(join(tmpdir(), "kheaders-lab-adb-"));
  const port = await freePort();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    TMPDIR: home,
    ANDROID_ADB_SERVER_PORT: String(port),
    ADB_MDNS_AUTO_CONNECT: "0",
    ADB_MDNS_OPENSCREEN: "0",
  };
  for (const name of ["ADB_SERVER_SOCKET", "ANDROID_ADB_SERVER_ADDRESS", "ANDROID_SERIAL"]) delete env[name];
  const args = ["--pdeathsig", "KILL", "adb", "-P", String(port), "nodaemon", "server"];
  const child = spawn("setpriv", args, { env, stdio: "ignore" });
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error("the adb server has no process id");
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // A client that finds no server would start one that nobody ends.
  for (const end = Date.now() + upWithin; !(await listens(port)); await sleep(10)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error("the adb server does not start");
  }

  const adb = async (...args: string[]): Promise<AdbOutput> => {
    const { stdout, stderr, status } = await runAny("adb", args, { env });
    return { stdout: stdout.toString(), stderr, status };
  };
  const killHard = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return {
    port,
    pid,
    env,
    adb,
    async connect(serial) {
      const end = Date.now() + upWithin;
      for (;;) {
        const said = await adb("connect", serial);
        const state = await adb("-s", serial, "get-state");
        if (state.stdout.trim() === "device") return;
        if (Date.now() > end)
          throw new Error(`adb does not connect to ${serial}: ${said.stdout}${state.stderr}`);
        await sleep(50);
      }
    },
    killHard,
    async stop() {
      await killHard();
      await rm(home, { recursive: true, force: true });
    },
  };
}
