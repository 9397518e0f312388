import type { SimulatedDevice } from "../../lab/index.js";
import { stockKernel } from "../archives.js";
import type { Race } from "../bench-case.js";

/** Many simulated devices at once, with an empty cache, against one of them. */
export const farm: Race = {
  kind: "race",
  name: "farm-32",
  ours: "32 simulated devices of one kernel, cold",
  theirs: "one device, cold",
  goals: { wall: { atMost: 1.5, aim: 1.2 } },
  async prepare(lab, place) {
    const { devices, stop } = await lab.simulateMany(await stockKernel(), 32);
    let runs = 0;
    let loads = 0;
    /** Pulls from devices at once into an empty cache, as one command. */
    const pullFrom = (some: readonly SimulatedDevice[]) => {
      const serials = some.flatMap(({ serial }) => ["-s", serial]);
      return lab.run([process.execPath, lab.kheaders, "pull", ...serials], lab.env(place.folder()));
    };
    return {
      ours: async () => {
        const before = await loadsOf(devices);
        const took = await pullFrom(devices);
        runs += 1;
        loads += (await loadsOf(devices)) - before;
        return took;
      },
      theirs: () => pullFrom(devices.slice(0, 1)),
      note: async () => `${loads / runs} transfers a run`,
      end: stop,
    };
  },
};

/** How often the headers were loaded, over all devices: once for each transfer. */
async function loadsOf(devices: readonly SimulatedDevice[]): Promise<number> {
  const counts = await Promise.all(devices.map((device) => device.counts()));
  return counts.reduce((sum, { loads }) => sum + loads, 0);
}
