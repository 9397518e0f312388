import { run } from "../../lab/command.js";
import { type BenchKernel, rebuiltKernel, stockKernel } from "../archives.js";
import type { BenchCase, Contenders } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import { unpackInto } from "./unpack.js";

/** Another build of a kernel whose first build the cache has: most of its files are known. */
export const secondBuild: readonly BenchCase[] = [
  {
    name: "second-build",
    ours: "archive to tree of a second build of a kernel",
    theirs: "the first build's, into an empty cache",
    unit: "ms",
    goal: { atMost: 1.1, aim: 0.9 },
    prepare: (lab) =>
      contenders(async (build, cache) => unpackInto(lab, cache, build.kernel, build.version), lab),
  },
  {
    name: "second-build-disk",
    ours: "disk that a second build adds to the cache, its archive included",
    theirs: "what the first one takes",
    unit: "bytes",
    goal: { atMost: 0.15, aim: 0.12 },
    once: true,
    prepare: (lab) => contenders((build, cache) => added(lab, build, cache, ["--block-size=1"]), lab),
  },
  {
    name: "second-build-inodes",
    ours: "files and folders that a second build adds to the cache",
    theirs: "what the first one takes",
    unit: "inodes",
    once: true,
    prepare: (lab) => contenders((build, cache) => added(lab, build, cache, ["--inodes"]), lab),
  },
];

interface Build {
  readonly kernel: BenchKernel;
  readonly version: string;
}

async function contenders(
  measure: (build: Build, cache: string) => Promise<number>,
  lab: BenchLab,
): Promise<Contenders> {
  const first = { kernel: await stockKernel(), version: "#1" };
  const second = { kernel: await rebuiltKernel(), version: "#2" };
  return {
    ours: async () => {
      const cache = lab.folder();
      await unpackInto(lab, cache, first.kernel, first.version);
      return measure(second, cache);
    },
    theirs: () => measure(first, lab.folder()),
  };
}

/** What `du` counts more in a cache after a build was unpacked into it; files with several links count once. */
async function added(
  lab: BenchLab,
  { kernel, version }: Build,
  cache: string,
  what: readonly string[],
): Promise<number> {
  const used = async () => Number.parseInt(await run("du", ["--summarize", ...what, cache]), 10);
  const before = await used();
  await unpackInto(lab, cache, kernel, version);
  return (await used()) - before;
}
