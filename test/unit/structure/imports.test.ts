import { dirname, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { circleIn, type Import, isAllowed, partOf, readImportTable } from "../../support/import-table.js";
import { readRepositoryFile, repositoryFiles } from "../../support/repository.js";

const table = readImportTable(readRepositoryFile("docs/architecture.md"), "## Who imports whom");
const files = repositoryFiles().filter((file) => /^(host|shared|device)\/.*\.ts$/.test(file));
const imports = files.flatMap(importsOf);

describe("who imports whom", () => {
  it("is read from the table and from the files", () => {
    expect(table.get("user-files/")).toEqual(["cache/", "shared/"]);
    expect(imports).toContainEqual({ from: "host/agent/script.ts", to: "device/agent.sh" });
    expect(imports.filter(({ to }) => to.startsWith("shared/")).length).toBeGreaterThan(10);
  });

  it.each([
    ["host/kernel/config.ts", "host/cache/store.ts"],
    ["shared/errors.ts", "host/pull/pull.ts"],
    ["host/cache/disk/paths.ts", "host/cache/trees/record.ts"],
    ["host/cache/trees/record.ts", "host/cache/cache.ts"],
    ["host/pull/pull.ts", "host/index.ts"],
  ])("finds that %s must not import %s", (from, to) => {
    expect(isAllowed({ from, to }, table)).toBe(false);
  });

  it("finds a circle", () => {
    const edges = ["ab", "bc", "cd", "db"].map(([from = "", to = ""]) => ({ from, to }));
    expect(circleIn(edges)).toEqual(["b", "c", "d", "b"]);
  });

  it("has a row for each file", () => {
    expect(files.filter((file) => partOf(file, table) === undefined)).toEqual([]);
  });

  it("has a file for each row", () => {
    const parts = new Set(files.map((file) => partOf(file, table)));
    expect([...table.keys()].filter((part) => !parts.has(part))).toEqual([]);
  });

  it("allows each import", () => {
    const wrong = imports.filter((edge) => !isAllowed(edge, table));
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("has no circle of files", () => {
    expect(circleIn(imports)).toEqual([]);
  });
});

/** Relative imports of a file, of values and of types, static and dynamic, and of workers by their address. */
function importsOf(file: string): Import[] {
  const specifiers = readRepositoryFile(file).matchAll(
    /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"(\.{1,2}\/[^"]+)"/g,
  );
  return Array.from(specifiers, ([, specifier = ""]) => ({
    from: file,
    to: posix.join(dirname(file), specifier).replace(/\.js$/, ".ts"),
  }));
}
