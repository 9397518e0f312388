import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/**
 * Who may import whom. Each part may also import from itself; whatever is not in this table may not be imported.
 * "faces" are the files right under host/.
 */
const allowed = {
  cli: [
    "faces",
    "farm",
    "build",
    "symvers",
    "pull",
    "user-files",
    "process",
    "kernel",
    "cache",
    "adb",
    "shared",
  ],
  faces: [
    "farm",
    "build",
    "symvers",
    "pull",
    "user-files",
    "kernel",
    "archive",
    "cache",
    "agent",
    "adb",
    "shared",
  ],
  farm: ["pull", "process", "kernel", "cache", "agent", "adb", "shared"],
  build: ["symvers", "pull", "user-files", "process", "kernel", "cache", "shared"],
  symvers: ["pull", "kernel", "cache", "agent", "adb", "shared"],
  pull: ["kernel", "cache", "archive", "agent", "adb", "shared"],
  "user-files": ["cache", "shared"],
  cache: ["archive", "shared"],
  archive: ["shared"],
  agent: ["adb", "device", "shared"],
  process: ["shared"],
  kernel: ["shared"],
  adb: ["shared"],
  device: [],
  shared: [],
} as const satisfies Record<string, readonly string[]>;

const root = fileURLToPath(new URL("../../..", import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = ["host", "shared", "device"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/")),
);
const imports = files.flatMap(importsOf);

describe("the house", () => {
  it("has imports that the test can read", () => {
    expect(imports).toContainEqual({ from: "host/agent/script.ts", to: "device/agent.sh" });
    expect(imports.filter(({ to }) => to.startsWith("shared/")).length).toBeGreaterThan(10);
  });

  it("would not get away with a wrong import or a circle", () => {
    expect(isAllowed({ from: "host/kernel/config.ts", to: "host/cache/store.ts" })).toBe(false);
    expect(isAllowed({ from: "shared/errors.ts", to: "host/pull/pull.ts" })).toBe(false);
    const edges = ["ab", "bc", "cd", "db"].map(([from = "", to = ""]) => ({ from, to }));
    expect(circleIn(edges)).toEqual(["b", "c", "d", "b"]);
  });

  it("has no part that the table does not know", () => {
    expect(files.map(partOf).filter((part) => !(part in allowed))).toEqual([]);
  });

  it("has no import but those that the table allows", () => {
    expect(imports.filter((edge) => !isAllowed(edge)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("has no circle of files", () => {
    expect(circleIn(imports)).toEqual([]);
  });
});

/** Relative imports of a file, of values and of types, static and dynamic, and of workers by their address. */
function importsOf(file: string): Import[] {
  const source = readFileSync(join(root, file), "utf8");
  const specifiers = source.matchAll(/(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"(\.{1,2}\/[^"]+)"/g);
  return Array.from(specifiers, ([, specifier = ""]) => ({
    from: file,
    to: posix.join(dirname(file), specifier).replace(/\.js$/, ".ts"),
  }));
}

/** The part of the house that a file lies in. */
function partOf(file: string): string {
  const [folder = "", name = "", ...below] = file.split("/");
  if (folder !== "host") return folder;
  return below.length > 0 ? name : "faces";
}

function isAllowed({ from, to }: Import): boolean {
  const [importer, imported] = [partOf(from), partOf(to)];
  const row: readonly string[] = Object.entries(allowed).find(([part]) => part === importer)?.[1] ?? [];
  return importer === imported || row.includes(imported);
}

/** The files of one circle in the order of their imports, or none. */
function circleIn(edges: readonly Import[]): string[] {
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
