import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { argument, option } from "../../options/option.js";
import { removedLine, shortDigest } from "../../report/removed-tree.js";
import { removedObject } from "../../report/result.js";
import { formatBytes } from "../../report/units.js";

interface Flags extends GlobalFlags {
  readonly all?: boolean;
}

export const add = command<Flags, [names: string[]]>({
  name: "rm",
  summary: "remove cached kernels",
  arguments: [argument("[what...]", "digests or their first digits, releases or fingerprints")],
  options: [option("--all", "remove everything")],
  details: `rm -rf fails on cached trees, because their folders are read-only: use this
command instead. Trees that are in use are kept, and the exit status is 8.`,
  examples: [
    "kheaders cache rm 3f786850e387",
    "kheaders cache rm 6.1.57-android14-11-maybe-dirty",
    "kheaders cache rm --all",
  ],
  async run({ flags, signal, print }, names) {
    if ((flags.all === true) === names.length > 0) {
      throw new KheadersError("usage", "rm needs either names of what to remove, or --all");
    }
    const cache = await openCacheOf(flags);
    const digests = flags.all ? "all" : await Promise.all(names.map((name) => cache.digestsMatching(name)));
    if (digests !== "all") {
      const missing = names.filter((_, index) => digests[index]?.length === 0);
      if (missing.length > 0) {
        const list = missing.map((name) => printable(name)).join(", ");
        throw new KheadersError("not-cached", `not in the cache: ${list}`, {
          hint: "See what is there with: kheaders cache ls",
        });
      }
    }
    const report = await cache.remove(digests === "all" ? "all" : [...new Set(digests.flat())], signal);
    const lines = [...report.removed.map(removedLine), `freed ${formatBytes(report.freedBytes)}`];
    print({
      json: [{ ...report, removed: report.removed.map(removedObject) }],
      lines: flags.quiet ? [] : lines,
    });
    if (report.inUse.length > 0) {
      const kept = report.inUse.map(shortDigest).join(", ");
      throw new KheadersError("cache-failed", `kept, because a running kheaders uses it: ${kept}`);
    }
    return undefined;
  },
});
