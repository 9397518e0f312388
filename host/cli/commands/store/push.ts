import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import type { Cache, CacheEntry } from "../../../cache/index.js";
import type { PushedKernel } from "../../../sharing/push.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { argument, option } from "../../options/option.js";
import { repositoryOf, type StoreFlags, storeOptions } from "../../options/store.js";
import { shortDigest } from "../../report/removed-tree.js";
import { errorObject, kernelObject } from "../../report/result.js";

interface Flags extends GlobalFlags, StoreFlags {
  readonly all?: boolean;
  readonly replace?: boolean;
}

export const add = command<Flags, [names: string[]]>({
  name: "push",
  summary: "store cached kernels",
  arguments: [argument("[what...]", "digests or their first digits, releases or fingerprints")],
  options: [
    option("--all", "store everything that the cache has"),
    option("--replace", "replace other headers that the store has of the same kernel"),
    ...storeOptions,
  ],
  details: `Stores the archive as it came, and what the cache keeps of that kernel: configuration,
Module.symvers, BTF. What the store has already is not sent again. If it has other headers of the same kernel, these
stay, and the exit status is 7.`,
  examples: ["kheaders store push 3f786850e387", "kheaders store push --all"],
  async run({ flags, signal, reporter, print }, names) {
    if ((flags.all === true) === names.length > 0)
      throw new KheadersError("usage", "push needs either names of what to store, or --all");
    const repository = await repositoryOf(flags);
    const cache = await openCacheOf(flags);
    const entries = flags.all ? cache.entries() : await entriesOf(cache, names);
    const { pushKernel } = await import("../../../sharing/push.js");
    let status = 0;
    for (const entry of entries) {
      reporter.on({ type: "stage", stage: "writing-store", detail: printable(entry.kernel.release) });
      try {
        const pushed = await pushKernel(repository, entry, {
          cache,
          replace: flags.replace === true,
          signal,
        });
        print({ json: [objectOf(pushed)], lines: [lineOf(pushed)] });
      } catch (error) {
        if (!(error instanceof KheadersError) || error.code !== "store-conflict") throw error;
        if (flags.json) print({ json: [errorObject(undefined, error)], lines: [] });
        reporter.error(error);
        status = error.exitStatus;
      }
    }
    return { json: [], lines: [], status };
  },
});

async function entriesOf(cache: Cache, names: readonly string[]): Promise<CacheEntry[]> {
  const digests = await Promise.all(names.map((name) => cache.digestsMatching(name)));
  const entries = [...new Set(digests.flat())].flatMap((digest) => cache.entriesOf(digest));
  const missing = names.filter((_, index) => digests[index]?.length === 0);
  if (missing.length === 0 && entries.length > 0) return entries;
  const list = (missing.length > 0 ? missing : names).map((name) => printable(name)).join(", ");
  throw new KheadersError("not-cached", `not in the cache: ${list}`, {
    hint: "See what is there with: kheaders cache ls",
  });
}

function objectOf({ entry, parts, tags, outcome }: PushedKernel): object {
  const { kernel, digest, bytes } = entry;
  return { ...kernelObject(kernel), digest, bytes, parts, tags, outcome };
}

function lineOf({ entry, parts, outcome }: PushedKernel): string {
  const also = parts.length === 0 ? "" : ` with ${parts.join(", ")}`;
  return `${outcome}: ${shortDigest(entry.digest)}  ${printable(entry.kernel.release)}${also}`;
}
