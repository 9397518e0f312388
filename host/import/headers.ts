import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressListener } from "../../shared/progress.js";
import { type ByteSource, type FileSource, fileSource, sourceChunks } from "../formats/byte-source.js";
import { agreed, contradiction, type Fact, type Finding, factsOf } from "./findings.js";
import { partsOf } from "./trees/kernel-tree.js";
import { packTree } from "./trees/pack.js";

/** The headers that were found, as an archive. */
export interface FoundHeaders {
  readonly archive: ByteSource;
  readonly from: string;
  /** `archive`: as it came; `tree`: packed from a tree. */
  readonly what: "archive" | "tree";
  close(): void;
}

/**
 * The headers among all that was found: the kernel's own archive, else a tree, which is packed. Throws `no-headers` if
 * there are none, `archive-mismatch` if there are two, and as packing does.
 */
export async function headersOf(
  findings: readonly Finding[],
  options: { readonly scratch: string; readonly signal: AbortSignal; readonly onProgress: ProgressListener },
): Promise<FoundHeaders> {
  const own = await ownArchive(factsOf(findings, "archive"), options.signal);
  if (own !== undefined)
    return { archive: own.value, from: own.from, what: "archive", close: () => undefined };
  const trees = findings.flatMap((finding) => (finding.kind === "tree" ? [finding.tree] : []));
  const sources = findings.flatMap((finding) => (finding.kind === "source tree" ? [finding.tree] : []));
  const [tree, another] = trees;
  if (tree === undefined) throw noHeaders(findings);
  const parts = partsOf(tree, sources);
  if (another !== undefined) throw twoTrees(tree.from, another.from);
  agreed("release", [{ from: tree.from, value: parts.release }, ...factsOf(findings, "release")]);
  options.onProgress({ type: "stage", stage: "packing", detail: printable(tree.from) });
  const scratch = path.join(options.scratch, "packing");
  mkdirSync(scratch);
  const archive: FileSource = fileSource(await packTree(parts, scratch, options.signal));
  return { archive, from: tree.from, what: "tree", close: () => archive.close() };
}

/** The one archive; several files may hold the same. */
async function ownArchive(
  archives: readonly Fact<ByteSource>[],
  signal: AbortSignal,
): Promise<Fact<ByteSource> | undefined> {
  const [first, ...others] = archives;
  if (first === undefined || others.length === 0) return first;
  const digest = await digestOf(first.value, signal);
  for (const other of others) {
    const its = await digestOf(other.value, signal);
    if (its !== digest)
      throw contradiction(
        "archive",
        { from: first.from, value: short(digest) },
        { from: other.from, value: short(its) },
      );
  }
  return first;
}

async function digestOf(source: ByteSource, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of sourceChunks(source, signal)) hash.update(chunk);
  return hash.digest("hex");
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

function twoTrees(one: string, other: string): KheadersError {
  return new KheadersError(
    "archive-mismatch",
    `there are two trees of headers: ${printable(one, 400)} and ${printable(other, 400)}`,
    { hint: "Give one of them. Nothing was imported." },
  );
}

function noHeaders(findings: readonly Finding[]): KheadersError {
  const found = findings.map((finding) => `${finding.kind} ${printable(finding.from, 200)}`);
  const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
  const what =
    found.length === 0 ? "nothing of a kernel was found" : `found: ${found.slice(0, 3).join(", ")}${more}`;
  const isSource = findings.some(({ kind }) => kind === "source tree");
  return new KheadersError("no-headers", `there are no kernel headers in what was given; ${what}`, {
    hint: isSource
      ? "A source tree lacks what its build generates: give the build folder, or prepare it with make modules_prepare."
      : "Give a file that has them too, such as kheaders.ko or kernel-headers.tar.gz; see docs/import.md.",
  });
}
