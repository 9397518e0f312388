import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { kernel } from "../../../support/cache-kernels.js";
import { folderWith, importFrom, kernelArchive } from "../../../support/import-files.js";

async function imported(release: string, cache?: Awaited<ReturnType<typeof importFrom>>["cache"]) {
  const archive = kernelArchive({ "include/generated/utsrelease.h": `#define UTS_RELEASE "${release}"\n` });
  const file = join(folderWith({ "kheaders.tar.xz": archive }), "kheaders.tar.xz");
  const result = await importFrom([file], cache === undefined ? {} : { cache });
  if (result.entry === undefined) throw new Error("it has no entry");
  return { ...result, entry: result.entry };
}

describe("the kernels that a device ran", () => {
  it("are those of its boots, the latest first, as far as the cache has them", async () => {
    const one = await imported("6.1.57-one");
    const { cache } = one;
    const two = await imported("6.1.57-two", cache);
    const boots = [
      ["boot-1", one],
      ["boot-2", two],
      ["boot-3", one],
    ] as const;
    for (const [bootId, { entry }] of boots) {
      cache.remember("phone", kernel({ bootId, release: entry.kernel.release }), entry);
      // A file system tells times by the system's clock tick.
      await sleep(30);
    }
    cache.remember("another", kernel({ bootId: "boot-4", release: "6.1.57-two" }), two.entry);
    const seen = () => cache.seenOn("phone").map(({ bootId, entry }) => `${bootId} ${entry.kernel.release}`);
    expect(seen()).toEqual(["boot-3 6.1.57-one", "boot-2 6.1.57-two", "boot-1 6.1.57-one"]);
    // A boot that is seen again is the latest.
    cache.remember("phone", kernel({ bootId: "boot-2", release: "6.1.57-two" }), two.entry);
    expect(seen()[0]).toBe("boot-2 6.1.57-two");
    await cache.remove([two.digest]);
    expect(seen()).toEqual(["boot-3 6.1.57-one", "boot-1 6.1.57-one"]);
    expect(cache.seenOn("nobody")).toEqual([]);
  });
});
