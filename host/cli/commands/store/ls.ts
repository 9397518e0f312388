import { printable } from "../../../../shared/printable.js";
import type { ListedStoredKernel } from "../../../sharing/list.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { repositoryOf, type StoreFlags, storeOptions } from "../../options/store.js";
import { shortDigest } from "../../report/removed-tree.js";
import { kernelObject } from "../../report/result.js";
import { type Column, table } from "../../report/table.js";
import { formatBytes } from "../../report/units.js";

const columns: readonly Column[] = [
  { heading: "DIGEST" },
  { heading: "RELEASE", min: 20 },
  { heading: "VERSION", min: 12, rank: 3 },
  { heading: "ARCH", rank: 2 },
  { heading: "BUILD-ID", min: 12, rank: 1 },
  { heading: "SIZE" },
  { heading: "ALSO", rank: 4 },
];

export const add = command<GlobalFlags & StoreFlags>({
  name: "ls",
  summary: "list the kernels in the store",
  options: storeOptions,
  examples: ["kheaders store ls", "kheaders store ls --json | jq -r .release"],
  async run({ flags, signal, reporter }) {
    const repository = await repositoryOf(flags);
    const { listStore } = await import("../../../sharing/list.js");
    const { kernels, problems } = await listStore(repository, {
      signal,
      onProgress: (done, total) => reporter.counted("Read", done, total),
    });
    reporter.close();
    for (const { message } of problems) reporter.on({ type: "warning", message: `left out: ${message}` });
    if (!flags.json && kernels.length === 0) {
      reporter.note(`kheaders: the store ${printable(repository.address)} has no kernels`);
      return undefined;
    }
    return { json: kernels.map(objectOf), lines: table(columns, kernels.map(rowOf), process.stdout) };
  },
});

function objectOf({ kernel, archive, source, parts, tags }: ListedStoredKernel): object {
  return {
    ...kernelObject(kernel),
    digest: archive.digest,
    bytes: archive.size,
    source,
    parts: [...parts.keys()],
    tags,
  };
}

function rowOf({ kernel, archive, parts }: ListedStoredKernel): string[] {
  return [
    shortDigest(archive.digest),
    kernel.release,
    kernel.version ?? "(unknown)",
    kernel.machine ?? "(unknown)",
    kernel.buildId ?? "(unknown)",
    formatBytes(archive.size),
    [...parts.keys()].join(","),
  ];
}
