import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BootOptions, DeviceEntry, VirtualDevice } from "../lab/index.js";
import { deviceTools } from "../lab/tools.js";
import type { Workstation } from "./workstation.js";

/** Programs of the agent's that an observed device can be told to take its time with. */
export type SlowProgram = "insmod" | "ls";

/** The program of toybox, which once stays for a while after its work where /lab/hold says so. */
const slowProgram = `#!/system/bin/sh
name=\${0##*/}
/system/bin/toybox "$name" "$@"
status=$?
if [ -e "/lab/hold/$name" ]; then
  rm "/lab/hold/$name"
  echo "observer: $name is done" >/dev/console
  sleep 1.5 </dev/null >/dev/null 2>&1
fi
exit $status
`;

/**
 * What an observed device has besides: `observer` tells on the console when the module comes and goes, `cutter` unloads it
 * when a part of the archive has been read.
 */
async function observedFiles(): Promise<DeviceEntry[]> {
  const tools = await deviceTools("x86_64");
  return [
    ...["observer", "cutter"].map((name) => program(`lab-bin/${name}`, readFileSync(join(tools, name)))),
    program("system/bin/insmod", slowProgram),
    program("system/bin/ls", slowProgram),
    { type: "folder", path: "lab/hold", mode: 0o777 },
  ];
}

const pollMilliseconds = 20;
/** Bytes of an archive that come over a slow link in this time are some, but by far not all. */
const slowLinkMicroseconds = 100_000;

/**
 * A virtual device with a light module, whose kernel's console tells what happens to it, whatever the link does; and which can
 * be slow, so that a test can act at a certain stage of a pull.
 */
export class ObservedDevice {
  readonly device: VirtualDevice;
  /** Pulls anew from this device into a cache of its own, where no pull from another device is waited for. */
  readonly pull: readonly string[];
  readonly #host: Workstation;
  readonly #su: boolean;
  #isLinkSlow = false;

  private constructor(host: Workstation, device: VirtualDevice, su: boolean) {
    this.#host = host;
    this.device = device;
    this.#su = su;
    const cache = host.folder(`cache-of-${device.name}`);
    this.pull = ["-s", device.serial, "--cache-dir", cache, "pull", "--refresh"];
  }

  static async boot(host: Workstation, options: Partial<BootOptions> = {}): Promise<ObservedDevice> {
    const device = await host.boot({ flavour: "light", ...options, files: await observedFiles() });
    const observed = new ObservedDevice(host, device, options.su !== undefined);
    await observed.startObserver();
    return observed;
  }

  /** Also after a reset, which ends the observer. */
  async startObserver(): Promise<void> {
    const from = await this.mark();
    await this.asRoot("/lab-bin/observer");
    await this.says("the module is gone", from);
  }

  /** Runs a command on the device as root, over the workstation's own adb server. */
  asRoot(command: string): Promise<string> {
    return this.#host.shell(this.device, this.#su ? `su -c '${command}'` : command);
  }

  /** Has the program take its time, once. The console says "PROGRAM is done" when it begins to. */
  async hold(program: SlowProgram): Promise<void> {
    await this.asRoot(`touch /lab/hold/${program}`);
  }

  /** Makes the link to the device slow, or as fast as it was. */
  async setSlowLink(slow: boolean): Promise<void> {
    if (slow === this.#isLinkSlow) return;
    this.#isLinkSlow = slow;
    const filter = `filter-buffer,id=slow,netdev=n0,queue=all,interval=${slowLinkMicroseconds}`;
    await this.device.monitor(slow ? `object_add ${filter}` : "object_del slow");
  }

  /** The place in the console where what comes next will stand. */
  async mark(): Promise<number> {
    return (await this.#console()).length;
  }

  /**
   * Waits until the console says so, after a mark.
   *
   * @returns when it did, in the milliseconds of `performance.now()`.
   */
  async says(text: string, from: number, withinSeconds = 60): Promise<number> {
    const end = performance.now() + withinSeconds * 1000;
    for (;;) {
      const said = (await this.#console()).slice(from);
      const now = performance.now();
      if (said.includes(text)) return now;
      if (now > end)
        throw new Error(`the device did not say "${text}" in ${withinSeconds} s; it said: ${said}`);
      await sleep(pollMilliseconds);
    }
  }

  #console(): Promise<string> {
    return readFile(this.device.consolePath, "latin1");
  }
}

function program(path: string, content: string | Buffer): DeviceEntry {
  return { type: "file", path, mode: 0o755, content: Buffer.from(content) };
}
