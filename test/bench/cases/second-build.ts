import { run } from "../../lab/command.js";
import { type BenchKernel, rebuiltKernel, stockKernel } from "../archives.js";
import type { Amount, BenchCase, Race } from "../bench-case.js";
import { unpackInto } from "./unpack.js";

const race: Race = {
  kind: "race",
  name: "second-build",
  ours: "archive to tree of a second build of a kernel",
  theirs: "the first build's, into an empty cache",
  goals: { wall: { atMost: 1, aim: 0.9 } },
  async prepare(lab, place) {
    const { first, second } = await builds();
    return {
      ours: async () => {
        const cache = place.folder();
        await unpackInto(lab, cache, first, "#1");
        return unpackInto(lab, cache, second, "#2");
      },
      theirs: () => unpackInto(lab, place.folder(), first, "#1"),
    };
  },
};

const disk: Amount = {
  kind: "amount",
  name: "second-build-disk",
  ours: "disk that a second build adds to the cache, its archive included",
  theirs: "what the first one takes",
  goal: { atMost: 0.14, aim: 0.12 },
  async measure(lab, place) {
    const { first, second } = await builds();
    const cache = place.folder();
    // Files with several links count once.
    const used = async () => Number.parseInt(await run("du", ["--summarize", "--block-size=1", cache]), 10);
    const atFirst = await used();
    await unpackInto(lab, cache, first, "#1");
    const afterOne = await used();
    await unpackInto(lab, cache, second, "#2");
    return { ours: (await used()) - afterOne, theirs: afterOne - atFirst };
  },
};

async function builds(): Promise<{ first: BenchKernel; second: BenchKernel }> {
  return { first: await stockKernel(), second: await rebuiltKernel() };
}

/** Another build of a kernel whose first build the cache has: most of its files are known. */
export const secondBuild: readonly BenchCase[] = [race, disk];
