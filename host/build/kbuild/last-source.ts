import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { Cache } from "../../cache/index.js";
import { findKbuildSource, type KbuildSource } from "./source.js";

/**
 * The source that was used last for a kernel's series.
 *
 * @param series as `6.1`.
 * @returns undefined if there was none.
 * @throws KheadersError `usage` if it cannot be read any more; `cache-failed`.
 */
export async function lastKbuildSource(
  series: string,
  cache: Pick<Cache, "kbuildSource">,
): Promise<KbuildSource | undefined> {
  const last = await cache.kbuildSource(series);
  if (last === undefined) return undefined;
  try {
    return findKbuildSource(last);
  } catch (cause) {
    if (!(cause instanceof KheadersError)) throw cause;
    throw new KheadersError("usage", cause.message, {
      hint: `It was the last one that was used for ${printable(series)}. Name another with --kbuild.`,
      cause,
    });
  }
}
