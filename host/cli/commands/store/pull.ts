import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { argument } from "../../options/option.js";
import { repositoryOf, type StoreFlags, storeOptions } from "../../options/store.js";
import { kernelObject } from "../../report/result.js";

export const add = command<GlobalFlags & StoreFlags, [name: string]>({
  name: "pull",
  summary: "take a kernel's headers out of the store, with no device",
  arguments: [argument("<release>", "the kernel's release, build-id or tag, or its archive's digest")],
  options: storeOptions,
  details: `The headers go into the cache as if they were imported: they serve a device if they prove to
be of its kernel. The tree's path is printed. "kheaders pull --store" does this by itself for the kernel of a device.`,
  examples: [
    "kheaders store pull 6.1.57-android14-11-gcc2a2b6d9f9c-ab11061218",
    "kheaders store pull 3f786850e387 --store oci:/mnt/stick/kernels",
  ],
  async run({ flags, signal, reporter }, name) {
    const repository = await repositoryOf(flags);
    const cache = await openCacheOf(flags);
    const { chooseStored } = await import("../../../sharing/choose.js");
    const { takeKernel } = await import("../../../sharing/take.js");
    const stored = await chooseStored(repository, name, signal);
    const { tree, entry } = await takeKernel(repository, stored, { cache, signal, onProgress: reporter.on });
    const { digest, bytes, archive } = tree;
    const { source, origin = null } = entry;
    return {
      json: [{ ...kernelObject(entry.kernel), digest, bytes, archive, tree: tree.tree, source, origin }],
      lines: [tree.tree],
    };
  },
});
