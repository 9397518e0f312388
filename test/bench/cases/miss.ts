import { stockKernel } from "../archives.js";
import type { BenchCase, Contenders, Goal } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import { bare, byHand } from "../by-hand.js";
import { peakMemoryOf, runTimed } from "../process.js";
import { bytesWritten, storageOf } from "../storage.js";

/** Pulls of a kernel that the cache does not have, against what people type, on one and the same booted device. */
export const misses: readonly BenchCase[] = [
  missCase("miss-simulated", "by hand", byHand, simulated),
  missCase("miss-simulated-bare", "by hand without identity and checksums", bare, simulated),
  missCase("miss-emulated", "by hand", byHand, emulated, { atMost: 0.9, aim: 0.75 }),
  missCase("miss-emulated-bare", "by hand without identity and checksums", bare, emulated, {
    atMost: 1.25,
    aim: 1.0,
  }),
];

interface BenchDevice {
  readonly serial: string;
  readonly hasOwnStorage: boolean;
}

async function simulated(lab: BenchLab): Promise<BenchDevice> {
  const [device] = await lab.simulate(await stockKernel(), 1);
  if (device === undefined) throw new Error("there is no simulated device");
  return { serial: device.serial, hasOwnStorage: false };
}

async function emulated(lab: BenchLab): Promise<BenchDevice> {
  const { serial } = await lab.virtualDevice();
  return { serial, hasOwnStorage: true };
}

function missCase(
  name: string,
  theirs: string,
  script: string,
  attach: (lab: BenchLab) => Promise<BenchDevice>,
  goal?: Goal,
): BenchCase {
  return {
    name,
    ours: "a pull into an empty cache",
    theirs,
    unit: "ms",
    ...(goal && { goal }),
    prepare: async (lab) => contenders(lab, await attach(lab), script),
  };
}

function contenders(lab: BenchLab, { serial, hasOwnStorage }: BenchDevice, script: string): Contenders {
  const freshEnv = () => ({ ...lab.env(lab.folder()), ANDROID_SERIAL: serial });
  const command = [process.execPath, lab.kheaders, "pull"];
  return {
    ours: async () => (await runTimed(command, freshEnv())).ms,
    theirs: async () => {
      const folder = lab.folder();
      return (await runTimed(["sh", "-eu", "-c", script, "by-hand", folder], freshEnv())).ms;
    },
    peakMemory: () => peakMemoryOf(command, freshEnv()),
    note: hasOwnStorage
      ? async () => {
          const before = await storageOf(lab.adb, serial);
          await runTimed(command, freshEnv());
          const written = bytesWritten(before, await storageOf(lab.adb, serial));
          return `a pull writes ${written} bytes to the device`;
        }
      : undefined,
  };
}
