import type { SimulatedDevice } from "../../lab/index.js";
import { type BenchKernel, numberedKernel, stockKernel } from "../archives.js";
import type { BenchCase, Goal } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import { runTimed } from "../process.js";

const kernelsOfFarm = 8;

/** Many simulated devices at once, each case with an empty cache, against one of them. */
export const farm: readonly BenchCase[] = [
  farmCase("farm-8", "8 devices of one kernel", () => oneKernel(8)),
  farmCase("farm-32", "32 devices of one kernel", () => oneKernel(32), { atMost: 3.0, aim: 2.0 }),
  farmCase("farm-8-kernels", "8 devices of eight kernels", eightKernels),
];

type Group = readonly [kernel: BenchKernel, devices: number];

function farmCase(
  name: string,
  ours: string,
  groups: () => Promise<readonly Group[]>,
  goal?: Goal,
): BenchCase {
  return {
    name,
    ours: `${ours}, cold`,
    theirs: "one device, cold",
    unit: "ms",
    ...(goal && { goal }),
    async prepare(lab) {
      const devices: SimulatedDevice[] = [];
      for (const [kernel, count] of await groups()) devices.push(...(await lab.simulate(kernel, count)));
      const [first] = devices;
      if (first === undefined) throw new Error("there is no simulated device");
      let runs = 0;
      let loads = 0;
      return {
        ours: async () => {
          const before = await loadsOf(devices);
          const ms = await pullFrom(lab, devices);
          runs += 1;
          loads += (await loadsOf(devices)) - before;
          return ms;
        },
        theirs: () => pullFrom(lab, [first]),
        note: async () => `${loads / runs} transfers a run`,
      };
    },
  };
}

async function oneKernel(devices: number): Promise<readonly Group[]> {
  return [[await stockKernel(), devices]];
}

async function eightKernels(): Promise<readonly Group[]> {
  const groups: Group[] = [];
  for (let number = 1; number <= kernelsOfFarm; number += 1) groups.push([await numberedKernel(number), 1]);
  return groups;
}

/** Pulls from devices at once into an empty cache, as one command. @returns Milliseconds until the last is done. */
async function pullFrom(lab: BenchLab, devices: readonly SimulatedDevice[]): Promise<number> {
  const serials = devices.flatMap(({ serial }) => ["-s", serial]);
  const command = [process.execPath, lab.kheaders, "pull", ...serials];
  return (await runTimed(command, lab.env(lab.folder()))).ms;
}

/** How often the headers were loaded, over all devices: once for each transfer. */
async function loadsOf(devices: readonly SimulatedDevice[]): Promise<number> {
  const counts = await Promise.all(devices.map((device) => device.counts()));
  return counts.reduce((sum, { loads }) => sum + loads, 0);
}
