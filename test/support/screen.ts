const control = String.fromCharCode(0x1b);
const upAndErase = new RegExp(`${control}\\[(\\d+)A${control}\\[J`);

/** What a terminal shows at the end of what was printed on it: blocks of lines that were erased are gone. */
export function onScreen(printed: string): string {
  const [first = "", ...rest] = printed.split(upAndErase);
  let shown = first;
  for (let index = 0; index < rest.length; index += 2) {
    // The cursor is below the block, at the start of a line: it goes up so many lines, and all from there on is erased.
    const lines = shown.split("\n");
    const kept = lines.slice(0, lines.length - 1 - Number(rest[index]));
    shown = [...kept, rest[index + 1] ?? ""].join("\n");
  }
  return shown;
}
