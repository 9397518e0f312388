import { KheadersError } from "../../../../shared/errors.js";
import { btfOfDevice } from "../../../btf/device.js";
import { cachedEntry } from "../../../btf/entry.js";
import { type BtfOptions, withBtf } from "../../../btf/locate.js";
import type { CacheEntry } from "../../../cache/index.js";
import { openBtfMeanwhile } from "../../../kernel/btf/open.js";
import type { Both, TypesDiff } from "../kernel-diff.js";
import type { HeldSide } from "../sides.js";
import { diffTypes } from "./diff-types.js";

/** The BTF that both kernels have themselves; undefined if one of them has none, and both are made from headers. */
export type OwnBtf = Both<CacheEntry> | undefined;

/** Errors that mean that a kernel has no BTF that can be read. */
function isWithout(error: unknown): boolean {
  return (
    error instanceof KheadersError &&
    (error.code === "no-btf" || error.code === "not-cached" || error.exitStatus === 5)
  );
}

/**
 * Finds the BTF of both kernels. That of a device is read if the other kernel's is there.
 *
 * @throws what reaching the device throws.
 */
export async function ownBtf({ old, new: now }: Both<HeldSide>, options: BtfOptions): Promise<OwnBtf> {
  const { btf } = options.cache;
  const known = (side: HeldSide) => side.entry && cachedEntry(side.entry.kernel, btf);
  const isPossible = (side: HeldSide) => side.serial !== undefined || known(side) !== undefined;
  if (!isPossible(old) || !isPossible(now)) return undefined;
  const find = async (side: HeldSide) => {
    const entry = known(side);
    if (entry !== undefined || side.serial === undefined) return entry;
    return (await btfOfDevice({ ...options, refresh: false, choice: { serial: side.serial } })).entry;
  };
  try {
    const [before, after] = [await find(old), await find(now)];
    return before && after && { old: before, new: after };
  } catch (error) {
    if (isWithout(error)) return undefined;
    throw error;
  }
}

/**
 * Compares the types: those of the kernels' own BTF, or those of BTF that is made from the headers of both.
 *
 * @throws KheadersError `no-btf` if it cannot be made; `tool-missing`; `btf-corrupt`; `cache-failed`.
 */
export async function typesPart(sides: Both<HeldSide>, own: OwnBtf, options: BtfOptions): Promise<TypesDiff> {
  const from = own === undefined ? ("headers" as const) : undefined;
  const how = { ...options, from, refresh: false };
  try {
    return await withBtf(own?.old.digest ?? sides.old.tree, how, (old) =>
      withBtf(own?.new.digest ?? sides.new.tree, how, async (now) => {
        const [before, after] = await Promise.all([openBtfMeanwhile(old.path), openBtfMeanwhile(now.path)]);
        return diffTypes(before, after, { old: old.from, new: now.from });
      }),
    );
  } catch (error) {
    if (!(error instanceof KheadersError) || error.code !== "compile-failed") throw error;
    // Its exit status means that kernels differ.
    throw new KheadersError("no-btf", error.message, { hint: error.hint, cause: error });
  }
}
