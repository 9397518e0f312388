import { knownPayloads, type Payload } from "./kinds.js";
import { MalformedBtf } from "./malformed.js";
import type { BtfSections } from "./sections.js";

/** Words that each type begins with: name, information, and a size or a type (struct btf_type). */
export const headWords = 3;

/**
 * The kind's number. It had 5 bits until 2026 and has 7 since (`BTF_INFO_KIND`); the two were always 0 before.
 *
 * @param information The second word of a type.
 */
export function kindNumber(information: number): number {
  return (information >>> 24) & 0x7f;
}

/** How many elements follow, such as members. It had 16 bits until 2026, with 8 that were 0 (`BTF_INFO_VLEN`). */
export function elementCount(information: number): number {
  return information & 0xffffff;
}

/** The flag whose meaning depends on the kind (`BTF_INFO_KFLAG`). */
export function kindFlag(information: number): boolean {
  return information >>> 31 === 1;
}

/**
 * Finds where each type begins, in words, by one walk over all of them. Types have different lengths and no index. Throws
 * {@link MalformedBtf} for a kind whose length cannot be known, and for a type that does not end within the section.
 */
export function indexTypes({ types, layout }: Pick<BtfSections, "types" | "layout">): Uint32Array {
  const { lengths, elements } = lengthsOf(layout);
  const starts = new Uint32Array(Math.floor(types.length / headWords));
  const end = types.length;
  let count = 0;
  let at = 0;
  // A plain loop: there may be 100,000 types, and this code has never run before.
  while (at + headWords <= end) {
    starts[count] = at;
    count += 1;
    const information = types[at + 1] ?? 0;
    const kind = (information >>> 24) & 0x7f;
    const length = lengths[kind] ?? 0;
    if (length === 0) throw new MalformedBtf(`it has types of an unknown kind (${kind})`);
    at += length + (elements[kind] ?? 0) * (information & 0xffffff);
  }
  if (at !== end) throw new MalformedBtf("its last type ends too early");
  return starts.subarray(0, count);
}

/** Words of a type of each kind, by its number, and of each of its elements; 0 and 0 for a kind that is not known. */
function lengthsOf(layout: Uint8Array): { lengths: Uint8Array; elements: Uint8Array } {
  const lengths = new Uint8Array(128);
  const elements = new Uint8Array(128);
  for (const [kind, payload] of payloadsOf(layout).entries()) {
    if (payload === undefined) continue;
    lengths[kind] = headWords + payload.fixed;
    elements[kind] = payload.perElement;
  }
  return { lengths, elements };
}

/**
 * What follows the types of each kind, by its number. Of kinds that we do not know, the file itself may say it (struct
 * btf_layout: bytes that follow, bytes for each element, flags).
 */
function payloadsOf(layout: Uint8Array): (Payload | undefined)[] {
  const payloads = [...knownPayloads];
  for (let kind = payloads.length; kind < Math.min(layout.length / 4, 128); kind += 1) {
    const fixed = layout[kind * 4] ?? 0;
    const perElement = layout[kind * 4 + 1] ?? 0;
    // What is not whole words would leave all later types askew.
    if (fixed % 4 === 0 && perElement % 4 === 0)
      payloads[kind] = { fixed: fixed / 4, perElement: perElement / 4 };
  }
  return payloads;
}
