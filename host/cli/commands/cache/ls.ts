import type { ListedKernel, ListedTree } from "../../../cache/index.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import { shortDigest } from "../../report/removed-tree.js";
import { listedObject, listedTreeObject } from "../../report/result.js";
import { type Column, table } from "../../report/table.js";
import { formatAge, formatBytes } from "../../report/units.js";

const columns: readonly Column[] = [
  { heading: "DIGEST" },
  { heading: "FINGERPRINT", min: 14, rank: 1 },
  { heading: "RELEASE", min: 20 },
  { heading: "VERSION", min: 12, rank: 6 },
  { heading: "ARCH", rank: 5 },
  { heading: "SIZE" },
  { heading: "AGE", rank: 4 },
  { heading: "USED" },
  { heading: "DEVICES", min: 10, rank: 2 },
  { heading: "FROM", min: 8, rank: 3 },
];

export const add = command({
  name: "ls",
  summary: "list the cached kernels, the last pulled first",
  examples: ["kheaders cache ls", "kheaders cache ls --json | jq -r .release"],
  async run({ flags }) {
    const { kernels, apart, btf } = await (await openCacheOf(flags)).list();
    const hasHeaders = kernels.length + apart.length > 0;
    if (!flags.json && !hasHeaders && btf.length === 0) {
      process.stderr.write("kheaders: the cache is empty\n");
      return undefined;
    }
    const now = Date.now();
    return {
      json: [
        ...kernels.map((kernel) => listedObject(kernel)),
        ...apart.map(listedTreeObject),
        ...btf.map((kernel) => listedObject(kernel, { btf: true })),
      ],
      lines: [
        ...(hasHeaders
          ? table(
              columns,
              [...kernels.map((kernel) => rowOf(kernel, now)), ...apart.map((tree) => rowOfTree(tree, now))],
              process.stdout,
            )
          : []),
        ...(btf.length > 0
          ? table(
              columns.with(0, { heading: "BTF" }),
              btf.map((kernel) => rowOf(kernel, now)),
              process.stdout,
            )
          : []),
      ],
    };
  },
});

function rowOf({ entry, stats, lastUse, serials }: ListedKernel, now: number): string[] {
  const { kernel } = entry;
  return [
    shortDigest(entry.digest),
    kernel.fingerprint ?? "(any)",
    kernel.release,
    kernel.version ?? "(unknown)",
    kernel.machine ?? "(unknown)",
    formatBytes(entry.bytes + (stats?.unpackedBytes ?? 0)),
    formatAge(now - entry.created.getTime()),
    formatAge(now - lastUse.getTime()),
    serials.join(","),
    entry.origin ?? "device",
  ];
}

function rowOfTree(tree: ListedTree, now: number): string[] {
  const size = formatBytes(tree.bytes + tree.unpackedBytes);
  const used = formatAge(now - tree.lastUse.getTime());
  return [shortDigest(tree.digest), "(kept apart)", "", "", "", size, "", used, "", ""];
}
