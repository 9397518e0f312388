import type { BenchCase } from "../bench-case.js";
import { peakMemoryOf, runTimed } from "../process.js";

/** The layout of a large struct, of a kernel that is cached with its BTF: no device is asked. */
export const layout: BenchCase = {
  name: "layout",
  ours: "kheaders layout task_struct, of a cached kernel",
  theirs: "pahole -C task_struct, of the same BTF",
  unit: "ms",
  goal: { atMost: 1.0, aim: 0.8 },
  async prepare(lab) {
    const { serial } = await lab.virtualDevice();
    const cache = lab.folder();
    const env = { ...lab.env(cache), ANDROID_SERIAL: serial };
    const asked = async (...args: readonly string[]) =>
      (await runTimed([process.execPath, lab.kheaders, ...args], env)).stdout.trimEnd();
    const tree = await asked("pull");
    const btf = await asked("btf");
    const command = [process.execPath, lab.kheaders, "layout", "task_struct", tree];
    return {
      ours: async () => (await runTimed(command, env)).ms,
      theirs: async () => (await runTimed(["pahole", "-C", "task_struct", btf], env)).ms,
      peakMemory: () => peakMemoryOf(command, env),
    };
  },
};
