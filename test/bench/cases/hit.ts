import { stockKernel } from "../archives.js";
import type { BenchCase } from "../bench-case.js";
import { peakMemoryOf, runTimed } from "../process.js";

/** A pull of a kernel that the cache has. The slow shell of an emulated device would hide what we take. */
export const hit: BenchCase = {
  name: "hit",
  ours: "a pull from the cache, of a simulated device",
  theirs: "node -e 0, then adb shell true",
  unit: "ms",
  goal: { atMost: 1.6, aim: 1.4 },
  async prepare(lab) {
    const [device] = await lab.simulate(await stockKernel(), 1);
    if (device === undefined) throw new Error("there is no simulated device");
    const env = { ...lab.env(lab.folder()), ANDROID_SERIAL: device.serial };
    const command = [process.execPath, lab.kheaders, "pull"];
    await runTimed(command, env);
    return {
      ours: async () => (await runTimed(command, env)).ms,
      theirs: async () => {
        const node = await runTimed([process.execPath, "-e", "0"], env);
        const adb = await runTimed(["adb", "shell", "true"], env);
        return node.ms + adb.ms;
      },
      peakMemory: () => peakMemoryOf(command, env),
    };
  },
};
