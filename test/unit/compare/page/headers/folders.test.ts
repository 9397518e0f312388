import { describe, expect, it } from "vitest";
import type { FileChange } from "../../../../../host/compare/diff/kernel-diff.js";
import { type Folder, foldersOf } from "../../../../../host/compare/page/headers/folders.js";

const files = (...paths: string[]): FileChange[] => paths.map((path) => ({ path, change: "added" }));
const drawn = ({ folders, files: own }: Folder): unknown => [
  ...folders.map((folder) => ({ [folder.name]: drawn(folder) })),
  ...own.map(({ path }) => path),
];

describe("the folders of header files", () => {
  it("hold the files and folders below them", () => {
    expect(drawn(foldersOf(files("Makefile", "include/a.h", "include/net/b.h", "include/net/c.h")))).toEqual([
      { include: [{ net: ["include/net/b.h", "include/net/c.h"] }, "include/a.h"] },
      "Makefile",
    ]);
  });

  it("are one where those between hold nothing else", () => {
    expect(drawn(foldersOf(files("arch/x86/include/asm/a.h", "arch/x86/include/asm/b.h")))).toEqual([
      { "arch/x86/include/asm": ["arch/x86/include/asm/a.h", "arch/x86/include/asm/b.h"] },
    ]);
  });

  it("count what is below them", () => {
    const [folder] = foldersOf([
      { path: "a/b/c.h", change: "changed" },
      { path: "a/d.h", change: "removed" },
    ]).folders;
    expect(folder?.counts).toEqual({ added: 0, removed: 1, changed: 1 });
  });

  it("end at some depth", () => {
    const path = `${Array.from({ length: 3000 }, (_, index) => `f${index}`).join("/")}/a.h`;
    expect(() => foldersOf(files(path, `${path}2`))).not.toThrow();
  });
});
