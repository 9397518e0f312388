import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import { waitingEvent } from "../../shared/progress.js";
import { compilerFlags } from "../build/compiler-flags.js";
import { tracerHeaders } from "../build/tracer-headers.js";
import { headerWarnings } from "../build/tree-warnings.js";
import { readIfThere } from "../cache/index.js";
import { readTreeFacts } from "../kernel/tree-facts.js";
import { runTool } from "../process/tool.js";
import type { PullOptions } from "../pull/options.js";
import { compileUnit, type LeftOut } from "./unit.js";

/** The extra of a tree that holds the BTF made from it; another name for another way of making it. */
const extraName = "btf-headers-1";
const fileName = "vmlinux.btf";
const recordName = "record.json";
const maxRecordBytes = 1024 * 1024;

/** Of which headers BTF was made. */
export interface BtfRecord {
  readonly headers: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** BTF that was made from headers. */
export interface MadeBtf extends BtfRecord {
  /** Absolute path. */
  readonly path: string;
  readonly cache: "hit" | "miss";
}

/** How to make it. */
export interface MakeBtfOptions extends Pick<PullOptions, "cache" | "refresh" | "signal" | "onProgress"> {
  /** A path, or a name in PATH. */
  readonly clang: string;
}

/**
 * Gives the BTF that the headers of a cached tree make, which is kept beside the tree: the types of all headers that tracers
 * use and that compile. It lacks functions, and types that only `.c` files define.
 *
 * @throws KheadersError `tool-missing` without clang or pahole; `compile-failed`; `usage` if it is not a kernel header tree;
 * `cache-failed` or `disk-full`; the signal's reason when it aborts.
 */
export async function keptBtfFromHeaders(
  tree: string,
  digest: Digest,
  options: MakeBtfOptions,
): Promise<MadeBtf> {
  const { cache, refresh, signal, onProgress } = options;
  const known = refresh ? undefined : cachedBtfFromHeaders(options, digest);
  if (known !== undefined) return known;
  const make = async (path: string) => {
    await makeFolder(tree, path, options);
  };
  const folder = await cache.keepExtra(digest, extraName, make, {
    replace: refresh || ((there) => readRecord(there) === undefined),
    signal,
    onWait: (pid) => onProgress(waitingEvent("waiting-for-other-build", pid)),
  });
  const record = readRecord(folder);
  if (record === undefined)
    throw new KheadersError("cache-failed", "the BTF was removed by another kheaders", {
      hint: "Try again.",
    });
  return { ...record, path: join(folder, fileName), cache: "miss" };
}

/** The BTF that was made from a tree before. @throws KheadersError `cache-failed`. */
export function cachedBtfFromHeaders(
  { cache }: Pick<MakeBtfOptions, "cache">,
  digest: Digest,
): MadeBtf | undefined {
  const folder = cache.extra(digest, extraName);
  const record = folder && readRecord(folder);
  return folder && record ? { ...record, path: join(folder, fileName), cache: "hit" } : undefined;
}

/** As {@link keptBtfFromHeaders} for a tree outside the cache: the file is there only while `work` runs. */
export async function withBtfFromHeaders<T>(
  tree: string,
  options: MakeBtfOptions,
  work: (made: MadeBtf, folder: string) => Promise<T>,
): Promise<T> {
  const temporary = mkdtempSync(join(resolve(tmpdir()), "kheaders-btf-"));
  try {
    const folder = join(temporary, "btf");
    const record = await makeFolder(tree, folder, options);
    return await work({ ...record, path: join(folder, fileName), cache: "miss" }, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function makeFolder(tree: string, folder: string, options: MakeBtfOptions): Promise<BtfRecord> {
  const { clang, signal, onProgress } = options;
  onProgress({ type: "stage", stage: "making-btf" });
  const facts = readTreeFacts(tree);
  for (const message of headerWarnings(facts)) onProgress({ type: "warning", message });
  mkdirSync(folder);
  const flags = [...compilerFlags(facts, "kernel", undefined), "-g", "-fno-eliminate-unused-debug-types"];
  const wanted = tracerHeaders.map(({ header }) => header);
  const unit = await compileUnit(wanted, { clang, flags, folder, signal });
  const file = join(folder, fileName);
  await encode(unit.object, file, signal);
  rmSync(unit.object);
  const record = { headers: unit.headers, leftOut: unit.leftOut };
  writeFileSync(join(folder, recordName), `${JSON.stringify(record)}\n`, { mode: 0o644 });
  for (const { header, error } of unit.leftOut)
    onProgress({
      type: "warning",
      message: `${header} was left out, because it does not compile: ${printable(error, 300)}`,
    });
  return record;
}

const paholeHint = "Install pahole 1.22 or later (Debian: apt install pahole).";

/** Makes BTF of an object's debug information. */
async function encode(object: string, file: string, signal: AbortSignal): Promise<void> {
  const args = ["-J", `--btf_encode_detached=${file}`, object];
  const { status, stderr } = await runTool("pahole", args, { signal, hint: paholeHint });
  // It also ends with status 0 if it could not write.
  if (status === 0 && statSync(file, { throwIfNoEntry: false })?.isFile()) {
    // Others may use the cache, too, and pahole lets only the owner and the group read.
    chmodSync(file, 0o444);
    return;
  }
  const said = printable(stderr.trim().split("\n").at(-1) ?? "", 300);
  throw new KheadersError("compile-failed", `pahole does not make BTF of the headers${said && `: ${said}`}`, {
    hint: paholeHint,
  });
}

/** Reads the record of a folder with BTF; undefined if it or the BTF is missing or damaged. */
function readRecord(folder: string): BtfRecord | undefined {
  if (!statSync(join(folder, fileName), { throwIfNoEntry: false })?.isFile()) return undefined;
  const text = readIfThere(join(folder, recordName), maxRecordBytes);
  if (text === undefined) return undefined;
  try {
    const { headers, leftOut }: Partial<Record<keyof BtfRecord, unknown>> = JSON.parse(text.toString()) ?? {};
    return isTexts(headers) && isLeftOut(leftOut) ? { headers, leftOut } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isLeftOut(value: unknown): value is LeftOut[] {
  return (
    Array.isArray(value) &&
    value.every((each) => typeof each?.header === "string" && typeof each?.error === "string")
  );
}
