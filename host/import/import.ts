import path from "node:path";
import type { KnownKernel } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import type { OpenedTree } from "../cache/index.js";
import { writeToStore } from "../pull/write-to-store.js";
import { download, isAddress, nameOfAddress } from "./download.js";
import { enter } from "./enter.js";
import type { Finding } from "./findings.js";
import { headersOf } from "./headers.js";
import { type FoundKernel, kernelOf } from "./kernel.js";
import { Opener } from "./open.js";
import { assertExpected, type ImportOptions } from "./options.js";

/** Something that was found in the sources. */
export interface FoundPart {
  readonly what:
    | "headers"
    | "release"
    | "version"
    | "machine"
    | "build-id"
    | "configuration"
    | "Module.symvers"
    | "BTF";
  /** Where: a source, and what it was in. */
  readonly from: string;
  /** The forms that were opened to get at it, from the outside in. */
  readonly formats: readonly string[];
}

/** Headers that were imported. */
export interface ImportResult extends OpenedTree {
  readonly kernel: KnownKernel;
  /** The sources, as `cache ls` shows them. */
  readonly origin: string;
  readonly found: readonly FoundPart[];
}

/**
 * Takes the headers of a kernel out of files, and enters them in the cache, with what else the files say of that kernel.
 *
 * @throws KheadersError `no-headers`, `archive-mismatch` for files of two kernels, `file-corrupt`, `file-refused`,
 * `archive-corrupt`, `archive-refused`, `tool-missing`, `download-failed`, `usage`, and those of the cache; the signal's
 * reason when it aborts. Nothing of what was opened is left, however it ends.
 */
export async function importHeaders(options: ImportOptions): Promise<ImportResult> {
  const { cache, sources, signal, onProgress } = options;
  const scratch = await cache.scratch(signal);
  const onOpen = (name: string, form: string) =>
    onProgress({ type: "stage", stage: "opening", detail: `${printable(name)}: ${form}` });
  const opener = new Opener({ scratch: scratch.path, signal, onOpen });
  try {
    for (const [index, source] of sources.entries()) {
      const file = await localFile(source, path.join(scratch.path, `download-${index}`), options);
      await opener.open(file, isAddress(source) ? nameOfAddress(source) : source);
    }
    return await importFound(opener, scratch.path, options);
  } finally {
    opener.close();
    await scratch.end();
  }
}

async function localFile(source: string, target: string, options: ImportOptions): Promise<string> {
  if (!isAddress(source)) return source;
  await download(source, target, options);
  return target;
}

async function importFound(
  { findings, problems }: Opener,
  scratch: string,
  options: ImportOptions,
): Promise<ImportResult> {
  const { onProgress, expected } = options;
  for (const problem of problems) onProgress({ type: "warning", message: `left out: ${problem.message}` });
  const kernel = kernelOf(findings);
  if (kernel.release !== undefined) assertExpected(kernel.release.value, expected);
  const headers = await headersOf(findings, { ...options, scratch });
  try {
    const origin = printable(options.sources.map(nameOf).join(", "));
    const { tree, known } = await enter({ headers, kernel, findings, origin }, options);
    if (options.store?.write && tree.entry !== undefined)
      await writeToStore(options.store, tree.entry, options);
    return { ...tree, kernel: known, origin, found: partsFound(findings, kernel, headers.from) };
  } finally {
    headers.close();
  }
}

function nameOf(source: string): string {
  return isAddress(source) ? source : path.basename(path.resolve(source));
}

function partsFound(findings: readonly Finding[], kernel: FoundKernel, headersFrom: string): FoundPart[] {
  const formatsOf = (from: string) =>
    findings.flatMap((finding) =>
      finding.from === from && finding.kind === "kernel file" ? finding.contents.formats : [],
    );
  const part = (what: FoundPart["what"], from: string | undefined) =>
    from === undefined ? [] : [{ what, from, formats: formatsOf(from) }];
  const symvers = findings.find(({ kind }) => kind === "Module.symvers");
  const btf = findings.find(
    (finding) => finding.kind === "kernel file" && finding.contents.btf !== undefined,
  );
  return [
    ...part("headers", headersFrom),
    ...part("release", kernel.release?.from),
    ...part("version", kernel.version?.from),
    ...part("machine", kernel.machine?.from),
    ...part("build-id", kernel.buildId?.from),
    ...part("configuration", kernel.config?.from),
    ...part("Module.symvers", symvers?.from),
    ...part("BTF", btf?.from),
  ];
}
