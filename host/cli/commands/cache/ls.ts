import type { ListedKernel, ListedTree } from "../../../cache/index.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import { shortDigest } from "../../report/removed-tree.js";
import { table } from "../../report/table.js";
import { formatAge, formatBytes } from "../../report/units.js";

const headings = [
  "DIGEST",
  "FINGERPRINT",
  "RELEASE",
  "VERSION",
  "ARCH",
  "SIZE",
  "AGE",
  "USED",
  "DEVICES",
  "FROM",
];

export const add = command({
  name: "ls",
  summary: "list the cached kernels, the last pulled first",
  examples: ["kheaders cache ls", "kheaders cache ls --json | jq -r .kernel.release"],
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
        ...kernels.map(jsonOf),
        ...apart.map((tree) => ({ ...tree, kernel: null })),
        ...btf.map((kernel) => ({ ...jsonOf(kernel), btf: true })),
      ],
      lines: [
        ...(hasHeaders
          ? table(headings, [
              ...kernels.map((kernel) => rowOf(kernel, now)),
              ...apart.map((tree) => rowOfTree(tree, now)),
            ])
          : []),
        ...(btf.length > 0
          ? table(
              headings.with(0, "BTF"),
              btf.map((kernel) => rowOf(kernel, now)),
            )
          : []),
      ],
    };
  },
});

function jsonOf({ entry, stats, lastUse, serials }: ListedKernel): object {
  const { fingerprint = null, version = null, machine = null } = entry.kernel;
  const kernel = { ...entry.kernel, fingerprint, version, machine };
  return { ...entry, kernel, origin: entry.origin ?? null, stats: stats ?? null, lastUse, serials };
}

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
