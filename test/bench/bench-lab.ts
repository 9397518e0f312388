import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleCommand, bundlePrograms } from "../../scripts/bundle.js";
import {
  type AdbServer,
  bootDevice,
  type Registry,
  type SimulatedDevice,
  simulateDevice,
  startAdbServer,
  startRegistry,
  type VirtualDevice,
} from "../lab/index.js";
import type { BenchKernel } from "./archives.js";
import type { Took } from "./bench-case.js";
import { type Ended, runTimed } from "./process.js";
import { processorTimeOf } from "./processor-time.js";

/** What the cases run with: the program, bundled as it is shipped but in a folder of the bench's own; an adb server; devices. */
export class BenchLab {
  /** The command, to be run by Node. */
  readonly kheaders: string;
  /** The driver of `unpack.ts`, to be run by Node. */
  readonly unpack: string;
  readonly adb: AdbServer;
  readonly #root: string;
  readonly #devices = new Set<{ readonly pid: number; stop(): Promise<void> }>();
  readonly #simulated = new Map<string, Promise<SimulatedDevice>>();
  #virtual: Promise<VirtualDevice> | undefined;
  #registry: Promise<Registry> | undefined;

  private constructor(root: string, adb: AdbServer) {
    this.#root = root;
    this.adb = adb;
    this.kheaders = join(root, "kheaders.js");
    this.unpack = join(root, "unpack.js");
  }

  static async open(): Promise<BenchLab> {
    const root = mkdtempSync(join(tmpdir(), "kheaders-bench-"));
    const programs = {
      "xz-worker": "host/archive/xz/worker.ts",
      unpack: "test/bench/unpack.ts",
    };
    await bundlePrograms(programs, root);
    await bundleCommand(root);
    return new BenchLab(root, await startAdbServer());
  }

  /** A new folder that stays until the bench ends. */
  folder(): string {
    return mkdtempSync(join(this.#root, "files-"));
  }

  /** The environment in which programs run: this adb server, and a cache. */
  env(cache: string): NodeJS.ProcessEnv {
    return { ...this.adb.env, KHEADERS_CACHE_DIR: cache };
  }

  /**
   * Runs a program that must succeed. Its processor time is its own, with that of all processes which it started, and what
   * the adb server and the devices took meanwhile.
   */
  async run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    const others = [this.adb.pid, ...Array.from(this.#devices, ({ pid }) => pid)];
    const before = processorTimeOf(others);
    const ended = await runTimed(command, env);
    return { ...ended, cpu: ended.cpu + processorTimeOf(others) - before };
  }

  /** A virtual device with a kernel of its own, whose headers are in a module; the same one for all cases. */
  virtualDevice(): Promise<VirtualDevice> {
    this.#virtual ??= this.#boot();
    return this.#virtual;
  }

  /** A simulated device that runs `kernel`; the same one for all cases. */
  simulateOne(kernel: BenchKernel): Promise<SimulatedDevice> {
    const device = this.#simulated.get(kernel.archive) ?? this.#simulate(kernel);
    this.#simulated.set(kernel.archive, device);
    return device;
  }

  /** Simulated devices of one case. It stops them when it is over: they would be in the way of others. */
  async simulateMany(
    kernel: BenchKernel,
    count: number,
  ): Promise<{ readonly devices: readonly SimulatedDevice[]; readonly stop: () => Promise<void> }> {
    const devices = await Promise.all(Array.from({ length: count }, () => this.#simulate(kernel)));
    const stop = async () => {
      for (const device of devices) {
        this.#devices.delete(device);
        await device.stop();
        await this.adb.adb("disconnect", device.serial);
      }
    };
    return { devices, stop };
  }

  /** A registry; the same one for all cases. */
  registry(): Promise<Registry> {
    this.#registry ??= startRegistry();
    return this.#registry;
  }

  /** Ends the devices, the registry and the adb server. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#devices, (device) => device.stop()));
    await (await this.#registry)?.stop();
    await this.adb.stop();
    rmSync(this.#root, { recursive: true });
  }

  async #boot(): Promise<VirtualDevice> {
    return this.#attach(await bootDevice({ flavour: "module" }));
  }

  async #simulate(kernel: BenchKernel): Promise<SimulatedDevice> {
    return this.#attach(await simulateDevice({ ...kernel }));
  }

  async #attach<D extends VirtualDevice | SimulatedDevice>(device: D): Promise<D> {
    this.#devices.add(device);
    await this.adb.connect(device.serial);
    return device;
  }
}

/** Two runs, one after the other, as one. */
export function together(one: Took, other: Took): Took {
  return { wall: one.wall + other.wall, cpu: one.cpu + other.cpu };
}
