import { stockKernel } from "../archives.js";
import type { Amount, BenchCase, Goal, Race } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import { bare, byHand } from "../by-hand.js";
import { peakMemoryOf } from "../process.js";
import { bytesWritten, storageOf } from "../storage.js";

type Attached = (lab: BenchLab) => Promise<{ readonly serial: string }>;

const simulated: Attached = async (lab) => lab.simulateOne(await stockKernel());
const emulated: Attached = (lab) => lab.virtualDevice();

const withChecks = { theirs: "by hand", script: byHand };
const withoutChecks = { theirs: "by hand without identity and checksums", script: bare };

const memory: Amount = {
  kind: "amount",
  name: "memory",
  ours: "the most memory that the process of kheaders has in such a pull, of a simulated device; its xz is not counted",
  goal: { atMost: 120e6, aim: 100e6 },
  async measure(lab, place) {
    const { serial } = await simulated(lab);
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    return { ours: await peakMemoryOf([process.execPath, lab.kheaders, "pull"], env) };
  },
};

const deviceStorage: Amount = {
  kind: "amount",
  name: "device-storage",
  ours: "what a pull writes to the emulated device's storage",
  goal: { atMost: 0, aim: 0 },
  async measure(lab, place) {
    const { serial } = await emulated(lab);
    const before = await storageOf(lab.adb, serial);
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    await lab.run([process.execPath, lab.kheaders, "pull"], env);
    return { ours: bytesWritten(before, await storageOf(lab.adb, serial)) };
  },
};

/** Pulls of a kernel that the cache does not have, against what people type, on one and the same booted device. */
export const misses: readonly BenchCase[] = [
  miss("miss-simulated", withChecks, simulated, { atMost: 1.2, aim: 1 }),
  miss("miss-simulated-bare", withoutChecks, simulated, { atMost: 1.5, aim: 1.25 }),
  memory,
  miss("miss-emulated", withChecks, emulated, { atMost: 0.8, aim: 0.7 }),
  miss("miss-emulated-bare", withoutChecks, emulated, { atMost: 1.4, aim: 1.1 }),
  deviceStorage,
];

function miss(
  name: string,
  { theirs, script }: { readonly theirs: string; readonly script: string },
  attached: Attached,
  goal: Goal,
): Race {
  return {
    kind: "race",
    name,
    ours: "a pull into an empty cache",
    theirs,
    goals: { wall: goal },
    async prepare(lab, place) {
      const { serial } = await attached(lab);
      const env = () => ({ ...lab.env(place.folder()), ANDROID_SERIAL: serial });
      return {
        ours: () => lab.run([process.execPath, lab.kheaders, "pull"], env()),
        theirs: () => lab.run(["sh", "-eu", "-c", script, "by-hand", place.folder()], env()),
      };
    },
  };
}
