/** Who may import whom: the parts of the code, each with the parts that it may import, as the table says. */
export type ImportTable = ReadonlyMap<string, readonly string[]>;

export interface Import {
  readonly from: string;
  readonly to: string;
}

/**
 * Reads the first table below a heading. A row names its parts in backticks, a folder with a slash at its end; the
 * row that begins with "every part" holds for all.
 */
export function readImportTable(markdown: string, heading: string): ImportTable {
  const [, section = ""] = markdown.split(`\n${heading}\n`);
  const rows = (/(?:^\|.*\n)+/m.exec(section)?.[0] ?? "").split("\n").slice(2, -1);
  const table = new Map<string, string[]>();
  let forAll: string[] = [];
  for (const row of rows) {
    const [, importers = "", imported = ""] = row.split("|");
    if (importers.trim() === "every part") forAll = codeIn(imported);
    else for (const part of codeIn(importers)) table.set(part, codeIn(imported));
  }
  return new Map([...table].map(([part, imported]) => [part, [...imported, ...forAll]]));
}

/** The part that a file belongs to: the longest that its path begins with. */
export function partOf(file: string, table: ImportTable): string | undefined {
  const path = file.replace(/^host\//, "");
  return [...table.keys()]
    .filter((part) => isIn(path, part))
    .sort((a, b) => b.length - a.length)
    .at(0);
}

/** A part may import itself and what its row names, with all that lies below. */
export function isAllowed({ from, to }: Import, table: ImportTable): boolean {
  const part = partOf(from, table);
  if (part === undefined) return false;
  const path = to.replace(/^host\//, "");
  return [part, ...(table.get(part) ?? [])].some((allowed) => isIn(path, allowed));
}

/** The files of one circle in the order of their imports, or none. */
export function circleIn(edges: readonly Import[]): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const follow = (file: string): string[] => {
    const seen = path.indexOf(file);
    if (seen >= 0) return [...path.slice(seen), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const { to } of edges.filter(({ from }) => from === file)) {
      const circle = follow(to);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const { from } of edges) {
    const circle = follow(from);
    if (circle.length > 0) return circle;
  }
  return [];
}

function codeIn(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = ""]) => code);
}

function isIn(path: string, part: string): boolean {
  return part.endsWith("/") ? path.startsWith(part) : path === part;
}
