import { kindNumber, type TypeIndex } from "./walk.js";

/** More places of a name, as the end of longer ones, and more words that may begin a type, are not looked at one by one. */
const maxSearches = 16;
const maxCandidates = 1_000;

/**
 * Finds the types with a name: their places among all, in order. Looking for the name's offset among the words is much
 * faster than a walk over all types, of which there may be 100,000.
 *
 * @param words Of all types.
 * @param offsets Where the name lies among the names; hostile files have many.
 */
export function typesNamed(words: Uint32Array, index: TypeIndex, offsets: readonly number[]): number[] {
  const candidates = candidatesOf(words, offsets);
  if (candidates !== undefined)
    return candidates.map((word) => index.indexAt(word)).filter((found) => found !== undefined);
  const wanted = new Set(offsets);
  const found: number[] = [];
  for (const [place, word] of index.starts.entries()) if (wanted.has(words[word] ?? 0)) found.push(place);
  return found;
}

/** The words that are one of the offsets and may be the first of a type; undefined if there are too many. */
function candidatesOf(words: Uint32Array, offsets: readonly number[]): number[] | undefined {
  if (offsets.length > maxSearches) return undefined;
  const candidates: number[] = [];
  for (const offset of offsets) {
    for (let at = words.indexOf(offset); at >= 0; at = words.indexOf(offset, at + 1)) {
      // The kind follows the name. Elsewhere, such as in members, a number that small follows that it is no kind.
      if (kindNumber(words[at + 1] ?? 0) === 0) continue;
      candidates.push(at);
      if (candidates.length > maxCandidates) return undefined;
    }
  }
  return candidates.sort((a, b) => a - b);
}
