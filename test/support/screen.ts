const control = String.fromCharCode(0x1b);
const eraseLine = `${control}[0K`;
const sequences = new RegExp(`${control}\\[[?0-9;]*[A-Za-z]`, "g");

/** What a terminal shows in the end of what was printed on it: of each line what came after it was erased last. */
export function onScreen(printed: string): string {
  return printed
    .split("\n")
    .map((line) => (line.split(eraseLine).at(-1) ?? "").replaceAll(sequences, ""))
    .join("\n");
}
