import { type BenchKernel, stockKernel } from "../archives.js";
import type { Race, Took } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";

/** An archive unpacked, checked and published, against a program that does less. */
export const unpack: Race = {
  kind: "race",
  name: "unpack",
  ours: "archive to tree, published in an empty cache, by a kheaders that runs",
  theirs: "tar -xJf",
  goals: { wall: { atMost: 1.4, aim: 1.15 }, cpu: { atMost: 2, aim: 1.7 } },
  async prepare(lab, place) {
    const kernel = await stockKernel();
    return {
      ours: () => unpackInto(lab, place.folder(), kernel, "#1"),
      theirs: () => lab.run(["tar", "-xJf", kernel.archive, "-C", place.folder()], process.env),
    };
  },
};

/**
 * Unpacks a kernel's archive into a cache, in a process of its own. The start of that process does not count.
 *
 * @param version Tells builds of one release apart.
 */
export async function unpackInto(
  lab: BenchLab,
  cache: string,
  { release, archive }: BenchKernel,
  version: string,
): Promise<Took> {
  const command = [process.execPath, lab.unpack, cache, release, version, archive];
  const took: Took = JSON.parse((await lab.run(command, process.env)).stdout);
  return took;
}
