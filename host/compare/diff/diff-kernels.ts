import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { KheadersError } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { cachedBtfFromHeaders } from "../../btf/from-headers.js";
import type { BtfOptions } from "../../btf/locate.js";
import { keepSummary, keptSummary } from "./kept-summary.js";
import type { Both, KernelDiff, Part, PartName } from "./kernel-diff.js";
import { configPart, type FoundSymvers, headersPart, symbolsPart, symversOf } from "./parts.js";
import { type HeldSide, type KernelNames, withSides } from "./sides.js";
import { type DiffSummary, summaryOf } from "./summary.js";
import { type OwnBtf, ownBtf, typesPart } from "./types/types-part.js";

/** Which kernels to compare, and how. */
export interface DiffOptions extends Omit<BtfOptions, "from"> {
  readonly names: KernelNames;
}

/** What the comparison is made of besides the trees. */
interface Inputs {
  readonly btf: OwnBtf;
  readonly symvers: Both<FoundSymvers>;
}

/**
 * Compares two kernels in some parts and runs `work` with their differences. Until it ends, both trees stay. Symbol versions
 * are collected from a device if need be.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, `no-btf`, `tool-missing`, `no-symbol-versions`, and what pulling from
 * a device and `work` throw.
 */
export function withKernelDiff<T>(
  parts: readonly PartName[],
  options: DiffOptions,
  work: (diff: KernelDiff) => Promise<T>,
): Promise<T> {
  return withSides(options.names, options, async (sides) => {
    const nothing = { reason: "" };
    const inputs = {
      btf: parts.includes("types") ? await ownBtf(sides, asBtfOptions(options)) : undefined,
      symvers: parts.includes("symbols")
        ? await findSymvers(sides, options, { collect: true })
        : { old: nothing, new: nothing },
    };
    const make = async <P>(name: PartName, compare: () => Promise<P>): Promise<Part<P> | undefined> =>
      parts.includes(name) ? { diff: await compare() } : undefined;
    return work(await diffSides(sides, inputs, options, make));
  });
}

/** Two kernels, and what differs between them. */
export interface SummarizedDiff extends Pick<KernelDiff, "old" | "new"> {
  readonly summary: DiffSummary;
}

/**
 * Counts in what two kernels differ. What cannot be told without much work on a device is unknown. The result is kept in the
 * cache: trees and what else it is made of do not change.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what pulling from a device throws.
 */
export function summarizeKernelDiff(options: DiffOptions): Promise<SummarizedDiff> {
  return withSides(options.names, options, async (sides) => {
    const inputs = {
      btf: await ownBtf(sides, asBtfOptions(options)),
      symvers: await findSymvers(sides, options, { collect: false }),
    };
    const { old, new: now } = sides;
    const kept = options.refresh
      ? undefined
      : keptSummary(options.cache, now.digest, keyOf(sides, inputs, options));
    return { old, new: now, summary: kept ?? (await diffWhole(sides, inputs, options)).summary };
  });
}

/**
 * Compares two kernels in all parts and runs `work` with their differences. What cannot be told without much work on a device is
 * unknown. Until it ends, both trees stay.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what pulling from a device and `work` throw.
 */
export function withWholeKernelDiff<T>(
  options: DiffOptions,
  work: (diff: KernelDiff, summary: DiffSummary) => Promise<T>,
): Promise<T> {
  return withSides(options.names, options, async (sides) => {
    const inputs = {
      btf: await ownBtf(sides, asBtfOptions(options)),
      symvers: await findSymvers(sides, options, { collect: false }),
    };
    const { diff, summary } = await diffWhole(sides, inputs, options);
    return work(diff, summary);
  });
}

/** Compares all parts; one that cannot be compared is unknown. The summary is kept if all may be told again in the same way. */
async function diffWhole(
  sides: Both<HeldSide>,
  inputs: Inputs,
  options: DiffOptions,
): Promise<{ readonly diff: KernelDiff; readonly summary: DiffSummary }> {
  let hasFailed = false;
  const make = async <P>(name: PartName, compare: () => Promise<P>): Promise<Part<P>> => {
    try {
      return { diff: await compare() };
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof KheadersError)) throw error;
      // That symbol versions are missing is seen from the inputs; what else failed may succeed next time.
      if (name !== "symbols") hasFailed = true;
      return { unknown: error.message };
    }
  };
  const diff = await diffSides(sides, inputs, options, make);
  const summary = summaryOf(diff);
  if (!hasFailed) await keep(sides.new.digest, keyOf(sides, inputs, options), summary, options);
  return { diff, summary };
}

/** Keeps a summary for the next time. A cache that cannot be written is no reason not to show it. */
async function keep(
  digest: Digest | undefined,
  key: string | undefined,
  summary: DiffSummary,
  options: DiffOptions,
): Promise<void> {
  try {
    await keepSummary(options, digest, key, summary);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof KheadersError)) throw error;
    options.onProgress({ type: "warning", message: `the summary is not kept: ${error.message}` });
  }
}

async function diffSides(
  sides: Both<HeldSide>,
  { btf, symvers }: Inputs,
  options: DiffOptions,
  make: <P>(name: PartName, compare: () => Promise<P>) => Promise<Part<P> | undefined>,
): Promise<KernelDiff> {
  // The files with types are large: the other parts are compared while they are read.
  const types = make("types", () => typesPart(sides, btf, asBtfOptions(options)));
  const others = (async () => ({
    config: await make("config", () => configPart(sides, options)),
    headers: await make("headers", () => headersPart(sides, options)),
    symbols: await make("symbols", async () => symbolsPart(sides, symvers)),
  }))();
  // Whichever fails, the other is waited for, too.
  await Promise.allSettled([types, others]);
  return { old: sides.old, new: sides.new, types: await types, ...(await others) };
}

async function findSymvers(
  sides: Both<HeldSide>,
  options: DiffOptions,
  how: { readonly collect: boolean },
): Promise<Both<FoundSymvers>> {
  return { old: await symversOf(sides.old, options, how), new: await symversOf(sides.new, options, how) };
}

function asBtfOptions(options: DiffOptions): BtfOptions {
  return { ...options, from: undefined };
}

/** What a summary is made of, as the name that it is kept under; undefined if a folder is compared, which may change. */
function keyOf(
  { old, new: now }: Both<HeldSide>,
  { btf, symvers }: Inputs,
  options: DiffOptions,
): string | undefined {
  if (old.digest === undefined || now.digest === undefined) return undefined;
  // BTF of headers may be made again, by another compiler, and symbol versions be added.
  const stateOf = (path: string | undefined) => {
    const stat = path === undefined ? undefined : statSync(path);
    return stat ? [stat.ino, stat.size, stat.mtimeMs] : null;
  };
  const made = (side: HeldSide) => stateOf(side.digest && cachedBtfFromHeaders(options, side.digest)?.path);
  const parts = [
    KHEADERS_VERSION,
    ...[old, now].flatMap((side) => [side.digest, side.entry?.kernel.configDigest ?? null]),
    ...(btf === undefined ? [made(old), made(now)] : [btf.old.digest, btf.new.digest]),
    ...[symvers.old, symvers.new].map(({ path }) => stateOf(path)),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
