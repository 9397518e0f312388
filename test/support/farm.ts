import { createHash } from "node:crypto";
import type { SimulatedDevice, SimulatedOptions } from "../lab/index.js";
import { smallArchive } from "./small-archive.js";
import type { Workstation } from "./workstation.js";

/** A kernel for simulated devices, with the digest that its archive has. */
export interface FarmKernel {
  readonly options: SimulatedOptions & { readonly release: string };
  readonly digest: string;
}

/** A kernel whose headers are in a module, with an archive that only it has. */
export function farmKernel(release: string): FarmKernel {
  const archive = smallArchive(release, { content: `/* ${release} */\n` });
  return {
    options: { release, archive },
    digest: createHash("sha256").update(archive).digest("hex"),
  };
}

/** Another build of a kernel, which no headers of the first can serve, though both have one fingerprint and release. */
export function otherBuild(kernel: FarmKernel): SimulatedOptions {
  return { ...kernel.options, version: "#2 SMP PREEMPT Tue May  7 12:00:00 UTC 2024" };
}

/** Starts and attaches `count` devices of one kind. */
export function simulateMany(
  host: Workstation,
  count: number,
  options: SimulatedOptions,
): Promise<SimulatedDevice[]> {
  return Promise.all(Array.from({ length: count }, () => host.simulate(options)));
}

/** How often the devices loaded the module, and unloaded it again, all in all. */
export async function totalLoads(
  devices: readonly SimulatedDevice[],
): Promise<{ readonly loads: number; readonly unloads: number }> {
  const counts = await Promise.all(devices.map((device) => device.counts()));
  return {
    loads: counts.reduce((sum, { loads }) => sum + loads, 0),
    unloads: counts.reduce((sum, { unloads }) => sum + unloads, 0),
  };
}

/** The objects of output that has one on each line. */
export function objectsIn(output: string): Record<string, unknown>[] {
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
