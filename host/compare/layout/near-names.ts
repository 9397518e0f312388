const maxNames = 5;
/** Longer names are not compared letter by letter. */
const maxLength = 64;

/** The names that somebody may have meant who wrote another, the nearest first; five at most. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const near: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    const distance = distanceBetween(wanted, name);
    if (distance !== undefined) near.push({ name, distance });
  }
  near.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length);
  return near.slice(0, maxNames).map(({ name }) => name);
}

/** How far a name is from the one that was written: by case, a few letters, or what it begins or goes on with. */
function distanceBetween(wanted: string, name: string): number | undefined {
  const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
  const edits = editsBetween(a, b, Math.max(1, Math.floor(wanted.length / 4)));
  if (edits !== undefined) return edits;
  return wanted.length >= 4 && b.includes(a) ? maxLength + b.indexOf(a) : undefined;
}

/**
 * How many letters must be put in, left out, replaced or swapped with the next (optimal string alignment distance);
 * undefined if more than `max`.
 */
function editsBetween(a: string, b: string, max: number): number | undefined {
  if (Math.abs(a.length - b.length) > max || Math.max(a.length, b.length) > maxLength) return undefined;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? maxLength) + 1 : maxLength;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > max) return undefined;
    [before, row] = [row, next];
  }
  const edits = row[b.length] ?? 0;
  return edits <= max ? edits : undefined;
}
