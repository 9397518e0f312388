import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withMachineApt } from "./apt.js";
import { hostArchitecture } from "./architecture.js";
import { cached } from "./cached.js";
import { progress } from "./command.js";
import { unpackPackages } from "./packages.js";
import { freePort, listens } from "./ports.js";

/** Raised when what is taken out of the package changes. */
const recipe = 1;
const upWithin = 20_000;

/** How to run a registry. */
export interface RegistryOptions {
  /** Lets only this user in; the password is a bcrypt hash, as `htpasswd -B` makes it. */
  readonly htpasswd?: string;
  /** Where it keeps its content; a new folder if this is not given. */
  readonly folder?: string;
  /** Bytes that a file of it may have: its disk is full at that size. */
  readonly maxFileBytes?: number;
}

/** Debian's docker-registry. It dies with this process. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Where its content lies. */
  readonly folder: string;
  /** Its process, while it runs. */
  readonly pid: number;
  /** Ends it at once, as a crash does. Its content stays. */
  kill(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  /** Ends it and removes what it kept. */
  stop(): Promise<void>;
}

/** Starts a registry on a free port of the loopback address. Its package is unpacked, not installed: no service is left. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const program = await registryProgram();
  const run = await mkdtemp(join(tmpdir(), "kheaders-registry-"));
  const folder = options.folder ?? join(run, "content");
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const config = join(run, "config.json");
  await writeFile(join(run, "htpasswd"), `${options.htpasswd ?? ""}\n`);
  // Its configuration is YAML, which JSON is a part of.
  await writeFile(config, JSON.stringify(configuration(port, folder, run, options)));
  const limit = options.maxFileBytes === undefined ? [] : ["prlimit", `--fsize=${options.maxFileBytes}`];
  const command = ["setpriv", "--pdeathsig", "KILL", ...limit, program, "serve", config];
  let child: ChildProcess | undefined;
  const start = async () => {
    const [first = "", ...rest] = command;
    child = spawn(first, rest, { stdio: "ignore", env: { ...process.env, OTEL_TRACES_EXPORTER: "none" } });
    const end = Date.now() + upWithin;
    while (!(await listens(port))) {
      if (child.exitCode !== null || Date.now() > end) throw new Error("docker-registry did not start");
      await sleep(20);
    }
  };
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return {
    host: `127.0.0.1:${port}`,
    folder,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    start,
    async stop() {
      await kill();
      await rm(run, { recursive: true, force: true });
    },
  };
}

function configuration(port: number, folder: string, run: string, { htpasswd }: RegistryOptions): object {
  return {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: "lab", path: join(run, "htpasswd") } } }),
  };
}

/** The program of the package. */
async function registryProgram(): Promise<string> {
  const folder = await cached(`docker-registry-${recipe}`, async (into) => {
    progress("fetching docker-registry");
    await withMachineApt("x86_64", (apt) =>
      unpackPackages(apt, [`docker-registry:${hostArchitecture}`], into),
    );
  });
  return join(folder, "usr/bin/docker-registry");
}
