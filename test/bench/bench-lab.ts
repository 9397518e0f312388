import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleCommand, bundlePrograms } from "../../scripts/bundle.js";
import { run } from "../lab/command.js";
import {
  type AdbServer,
  bootDevice,
  type SimulatedDevice,
  simulateDevice,
  startAdbServer,
  type VirtualDevice,
} from "../lab/index.js";
import type { BenchKernel } from "./archives.js";

/**
 * What the cases run with: the program, bundled as it is shipped but in a folder of the bench's own; an adb server;
 * devices; fresh folders. Nothing is deleted before `close`, for a disk is slow where thousands of files were deleted
 * just before.
 */
export class BenchLab {
  /** The command, to be run by Node. */
  readonly kheaders: string;
  /** The driver of `unpack.ts`, to be run by Node. */
  readonly unpack: string;
  readonly adb: AdbServer;
  readonly #root: string;
  readonly #devices: { stop(): Promise<void> }[] = [];
  #virtual: Promise<VirtualDevice> | undefined;
  #folders = 0;

  private constructor(root: string, adb: AdbServer) {
    this.#root = root;
    this.adb = adb;
    this.kheaders = join(root, "dist/kheaders.js");
    this.unpack = join(root, "dist/unpack.js");
  }

  static async open(): Promise<BenchLab> {
    const root = mkdtempSync(join(tmpdir(), "kheaders-bench-"));
    const programs = {
      "xz-worker": "host/archive/xz/worker.ts",
      unpack: "test/bench/unpack.ts",
    };
    await bundlePrograms(programs, join(root, "dist"));
    await bundleCommand(join(root, "dist"));
    return new BenchLab(root, await startAdbServer());
  }

  /** Makes an empty folder. */
  folder(): string {
    this.#folders += 1;
    const path = join(this.#root, String(this.#folders));
    mkdirSync(path);
    return path;
  }

  /** The environment in which programs run: this adb server, and a cache. */
  env(cache: string): NodeJS.ProcessEnv {
    return { ...this.adb.env, KHEADERS_CACHE_DIR: cache };
  }

  /** A virtual device with a kernel of its own, whose headers are in a module; the same one for all cases. */
  virtualDevice(): Promise<VirtualDevice> {
    this.#virtual ??= this.#boot();
    return this.#virtual;
  }

  /** Starts simulated devices that run `kernel`. */
  simulate(kernel: BenchKernel, count: number): Promise<SimulatedDevice[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const device = await simulateDevice({ ...kernel });
        this.#devices.push(device);
        await this.adb.connect(device.serial);
        return device;
      }),
    );
  }

  /** Ends the devices and the adb server, and removes all folders. */
  async close(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.stop()));
    await this.adb.stop();
    // Cached trees are read-only, folders included.
    await run("sh", ["-c", 'chmod -R u+rwX "$1" && rm -r "$1"', "bench", this.#root]);
  }

  async #boot(): Promise<VirtualDevice> {
    const device = await bootDevice({ flavour: "module" });
    this.#devices.push(device);
    await this.adb.connect(device.serial);
    return device;
  }
}
