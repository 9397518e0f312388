import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AdbServer,
  type BootOptions,
  bootDevice,
  type SimulatedDevice,
  type SimulatedOptions,
  simulateDevice,
  startAdbServer,
  type VirtualDevice,
} from "../lab/index.js";
import { commandUser, type Outcome, RunningKheaders, type TerminalOptions } from "./kheaders.js";

/** A device as adb names it. */
export type Attached = Pick<VirtualDevice, "serial">;

/** How to run the command on a workstation. */
export interface CommandOptions {
  /** Variables that are other than the workstation's; undefined: not set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly terminal?: TerminalOptions;
  readonly before?: readonly string[];
}

/**
 * The workstation of one test file: an adb server, a home, a cache and other folders of its own, and the devices that are
 * attached to it. The built command runs there as an ordinary user. `close` leaves nothing behind.
 */
export class Workstation {
  readonly adb: AdbServer;
  /** Where `folder` makes its folders. */
  readonly root: string;
  /** The default cache; nothing is there at first. */
  readonly cache: string;
  readonly #home: string;
  readonly #devices: { stop(): Promise<void> }[] = [];
  readonly #commands: RunningKheaders[] = [];

  private constructor(adb: AdbServer) {
    this.adb = adb;
    this.root = mkdtempSync(join(tmpdir(), "kheaders-e2e-"));
    chmodSync(this.root, 0o755);
    this.#home = this.folder("home");
    this.cache = join(this.#home, "cache");
  }

  static async open(): Promise<Workstation> {
    return new Workstation(await startAdbServer());
  }

  /** Makes an empty folder that the command's user owns. */
  folder(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path);
    if (commandUser.uid !== undefined && commandUser.gid !== undefined)
      chownSync(path, commandUser.uid, commandUser.gid);
    return path;
  }

  /** Boots a virtual device and attaches it. */
  async boot(options: BootOptions): Promise<VirtualDevice> {
    const device = await bootDevice(options);
    this.#devices.push(device);
    await this.adb.connect(device.serial);
    return device;
  }

  /** Starts a simulated device and attaches it, unless it is to be attached later. */
  async simulate(options: SimulatedOptions, { attach = true } = {}): Promise<SimulatedDevice> {
    const device = await simulateDevice(options);
    this.#devices.push(device);
    if (attach) await this.adb.connect(device.serial);
    return device;
  }

  /** Runs a command with the device's shell, and gives what it printed. @throws Error when it fails. */
  async shell(device: Attached, command: string): Promise<string> {
    const { stdout, stderr, status } = await this.adb.adb("-s", device.serial, "shell", command);
    if (status !== 0)
      throw new Error(`adb shell '${command}' ended with status ${status}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Starts the command. */
  start(args: readonly string[], options: CommandOptions = {}): RunningKheaders {
    const { env, ...others } = options;
    const command = new RunningKheaders(args, {
      ...others,
      folder: this.#home,
      env: { ...this.#environment(), ...env },
    });
    this.#commands.push(command);
    return command;
  }

  /** Runs the command to its end. */
  kheaders(args: readonly string[], options?: CommandOptions): Promise<Outcome> {
    return this.start(args, options).ended;
  }

  /** What a cache holds besides its format number: `FOLDER/NAME`, sorted. */
  cacheContents(cache: string = this.cache): string[] {
    const folders = ["archives", "boots", "entries", "leases", "serials", "trees"];
    return folders
      .filter((name) => existsSync(join(cache, name)))
      .flatMap((name) => readdirSync(join(cache, name)).map((path) => `${name}/${path}`))
      .sort();
  }

  /** Ends all that runs, and removes all folders. */
  async close(): Promise<void> {
    await Promise.all(this.#commands.map((command) => command.kill()));
    await Promise.all(this.#devices.map((device) => device.stop()));
    await this.adb.stop();
    // Cached trees are read-only, folders included. What a killed command had started may still write there.
    spawnSync("chmod", ["-R", "-f", "u+rwX", this.root]);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      TERM: "xterm",
      SHELL: "/bin/sh",
      HOME: this.#home,
      TMPDIR: this.#home,
      ANDROID_ADB_SERVER_PORT: String(this.adb.port),
      KHEADERS_CACHE_DIR: this.cache,
    };
  }
}
