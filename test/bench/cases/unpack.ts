import { type BenchKernel, stockKernel } from "../archives.js";
import type { BenchCase } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import { peakMemoryOf, runTimed } from "../process.js";

const ours = "archive to tree, published in an empty cache, by a kheaders that runs";

/** An archive unpacked, checked and published, against programs that do less. */
export const unpacking: readonly BenchCase[] = [
  {
    name: "unpack",
    ours,
    theirs: "tar -xJf",
    unit: "ms",
    goal: { atMost: 2.1, aim: 1.7 },
    async prepare(lab) {
      const kernel = await stockKernel();
      return {
        ours: () => unpackInto(lab, lab.folder(), kernel, "#1"),
        theirs: async () =>
          (await runTimed(["tar", "-xJf", kernel.archive, "-C", lab.folder()], process.env)).ms,
        peakMemory: () => peakMemoryOf(unpackCommand(lab, lab.folder(), kernel, "#1"), process.env),
      };
    },
  },
  {
    name: "unpack-bound",
    ours,
    theirs: "xz -dc to nowhere, the bound of what one thread can do",
    unit: "ms",
    async prepare(lab) {
      const kernel = await stockKernel();
      const decode = ["sh", "-c", 'exec xz -dc "$1" >/dev/null', "bench", kernel.archive];
      return {
        ours: () => unpackInto(lab, lab.folder(), kernel, "#1"),
        theirs: async () => (await runTimed(decode, process.env)).ms,
      };
    },
  },
];

/**
 * Unpacks a kernel's archive into a cache, in a process of its own.
 *
 * @param version Tells builds of one release apart.
 * @returns Milliseconds, without the start of the process.
 */
export async function unpackInto(
  lab: BenchLab,
  cache: string,
  kernel: BenchKernel,
  version: string,
): Promise<number> {
  const { stdout } = await runTimed(unpackCommand(lab, cache, kernel, version), process.env);
  return Number(stdout);
}

function unpackCommand(lab: BenchLab, cache: string, { release, archive }: BenchKernel, version: string) {
  return [process.execPath, lab.unpack, cache, release, version, archive];
}
