/** Where a member lies, in bits from the beginning of its struct. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  /** Of a bit field: the end of the integer that it lies in. */
  readonly unitEnd?: number | undefined;
}

/** Room that no member takes. */
export interface Gap {
  /** Whole bytes. */
  readonly bytes: number;
  /** What is left of the integer of a bit field, before those bytes. */
  readonly bits: number;
}

/**
 * The room before each member and after the last one, as pahole counts it.
 *
 * @param extents In the order of the struct. Where they overlap, there is no room.
 * @param size Of the struct, in bits.
 */
export function gapsOf(
  extents: readonly Extent[],
  size: number,
): { before: (Gap | undefined)[]; last: Gap | undefined } {
  let end = 0;
  let unitEnd: number | undefined;
  const before = extents.map((extent) => {
    const gap = gapBetween(end, extent.start, unitEnd);
    if (extent.end >= end) {
      end = extent.end;
      unitEnd = extent.unitEnd;
    }
    return gap;
  });
  return { before, last: gapBetween(end, size, unitEnd) };
}

function gapBetween(end: number, start: number, unitEnd: number | undefined): Gap | undefined {
  if (start <= end) return undefined;
  const bits = unitEnd === undefined ? (start - end) % 8 : Math.max(0, Math.min(unitEnd, start) - end);
  const bytes = Math.floor((start - end - bits) / 8);
  return { bytes, bits: start - end - bytes * 8 };
}
