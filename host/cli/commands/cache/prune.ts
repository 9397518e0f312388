import { KheadersError } from "../../../../shared/errors.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { option } from "../../options/option.js";
import { parseBytes, parseDuration } from "../../options/units.js";
import { removedLine, shortDigest } from "../../report/removed-tree.js";
import { removedObject } from "../../report/result.js";
import { formatBytes } from "../../report/units.js";

interface Flags extends GlobalFlags {
  readonly maxSize?: number;
  readonly olderThan?: number;
  readonly grace?: number;
  readonly dryRun?: boolean;
}

export const add = command<Flags>({
  name: "prune",
  summary: "remove the trees that were used least recently",
  options: [
    option("--max-size <size>", "until the cache is no larger than this, such as 5GB", { parse: parseBytes }),
    option("--older-than <duration>", "those not used for this long, such as 30d", { parse: parseDuration }),
    option("--grace <duration>", "keep those used within this time (default: 24h)", {
      parse: parseDuration,
    }),
    option("--dry-run", "change nothing, and list what would be removed"),
  ],
  details: "Trees that are in use are never removed.",
  examples: [
    "kheaders cache prune --max-size 5GB --older-than 30d",
    "kheaders cache prune --older-than 30d --dry-run",
  ],
  async run({ flags, signal }) {
    if (flags.maxSize === undefined && flags.olderThan === undefined) {
      throw new KheadersError("usage", "prune needs --max-size or --older-than", {
        hint: "For example: kheaders cache prune --older-than 30d",
      });
    }
    const dryRun = flags.dryRun === true;
    const report = await (await openCacheOf(flags)).prune({
      maxBytes: flags.maxSize,
      olderThan: flags.olderThan,
      grace: flags.grace,
      dryRun,
      signal,
    });
    const { removed, kept, freedBytes, bytes } = report;
    const recent = flags.grace === undefined ? "used in the last 24 h" : "used within --grace";
    return {
      json: [{ ...report, removed: removed.map(removedObject), dryRun }],
      lines: [
        ...removed.map((tree) => (dryRun ? `would be ${removedLine(tree)}` : removedLine(tree))),
        ...kept.map(
          ({ digest, why }) => `kept: ${shortDigest(digest)} (${why === "grace" ? recent : "in use"})`,
        ),
        dryRun
          ? `would free ${formatBytes(freedBytes)}; the cache would take ${formatBytes(bytes)}`
          : `freed ${formatBytes(freedBytes)}; the cache now takes ${formatBytes(bytes)}`,
      ],
    };
  },
});
