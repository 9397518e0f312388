import { describe, expect, it } from "vitest";
import { type ArchiveLimits, archiveLimits } from "../../../../host/archive/limits.js";
import type { TarMember } from "../../../../host/archive/tar/members.js";
import { TreeCheck } from "../../../../host/archive/tar/tree-check.js";

const content = new Uint8Array();
const file = (path: string, mode = 0o644): TarMember => ({ type: "file", path, mode, content });
const link = (path: string, target: string): TarMember => ({ type: "link", path, mode: 0o777, target });
const checking = (limits: Partial<ArchiveLimits> = {}) =>
  new TreeCheck({ limits: { ...archiveLimits, ...limits }, caseInsensitive: false });

describe("a tree", () => {
  it("gets the folders that are only named by what lies in them, each once", () => {
    const tree = checking();
    expect(tree.add(file("a/b/c"))).toEqual([
      { type: "folder", path: "a" },
      { type: "folder", path: "a/b" },
      { type: "file", path: "a/b/c", executable: false, content },
    ]);
    expect(tree.add({ type: "folder", path: "a/b/", mode: 0o755 })).toEqual([]);
    expect(tree.add({ type: "folder", path: "./", mode: 0o7755 })).toEqual([]);
  });

  it("keeps nothing of a mode but the owner's executable bit", () => {
    const tree = checking();
    expect(tree.add(file("a", 0o7100)).at(-1)).toMatchObject({ executable: true });
    expect(tree.add(file("b", 0o7677)).at(-1)).toMatchObject({ executable: false });
  });

  it("is left without links that stand for files elsewhere", () => {
    const tree = checking();
    tree.add(file("a.h"));
    expect(tree.add(link("include/b.h", "/vendor/b.h"))).toEqual([{ type: "folder", path: "include" }]);
    tree.end();
    expect(tree.leftOut).toEqual(["include/b.h"]);
  });

  it("is refused at its end if more than half of its files and links are left out", () => {
    const tree = checking();
    for (const member of [file("a/b/c/d.h"), link("e.h", "/e.h"), link("f.h", "/f.h")]) tree.add(member);
    expect(() => tree.end()).toThrow("built from a linked source tree");
  });

  it("is refused at its end if a link leaves it through a later one", () => {
    const tree = checking();
    tree.add(link("sub/a", "b/../.."));
    tree.add(link("sub/b", ".."));
    expect(() => tree.end()).toThrow("leaves the tree through another link");
  });

  it("may have exactly as much as the limits allow", () => {
    const tree = checking({ members: 2, links: 1, allPathBytes: 3 });
    tree.add(file("a"));
    tree.add(link("b", "a"));
    tree.end();
    expect(() => tree.add(file("c"))).toThrow("over the limit");
  });
});
