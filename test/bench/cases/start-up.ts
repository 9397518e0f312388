import type { BenchCase } from "../bench-case.js";
import { peakMemoryOf, runTimed } from "../process.js";

/** The start of the program alone. */
export const startUp: BenchCase = {
  name: "start-up",
  ours: "kheaders --version",
  theirs: "node -e 0",
  unit: "ms",
  goal: { atMost: 1.4, aim: 1.25 },
  async prepare(lab) {
    const env = lab.env(lab.folder());
    const command = [process.execPath, lab.kheaders, "--version"];
    return {
      ours: async () => (await runTimed(command, env)).ms,
      theirs: async () => (await runTimed([process.execPath, "-e", "0"], env)).ms,
      peakMemory: () => peakMemoryOf(command, env),
    };
  },
};
