import { describe, expect, it } from "vitest";
import { type ArchiveLimits, archiveLimits } from "../../../../host/archive/limits.js";
import type { TarMember } from "../../../../host/archive/tar/members.js";
import { type Member, TreeCheck } from "../../../../host/archive/tar/tree-check.js";

const content = new Uint8Array();
const file = (path: string, mode = 0o644): TarMember => ({ type: "file", path, mode, content });
const link = (path: string, target: string): TarMember => ({ type: "link", path, mode: 0o777, target });
const checking = (limits: Partial<ArchiveLimits> = {}) =>
  new TreeCheck({ limits: { ...archiveLimits, ...limits }, caseInsensitive: false });
/** What a member adds to the tree. */
const added = (tree: TreeCheck, member: TarMember): Member[] => {
  const members: Member[] = [];
  tree.add(member, members);
  return members;
};

describe("a tree", () => {
  it("gets the folders that are only named by what lies in them, each once", () => {
    const tree = checking();
    expect(added(tree, file("a/b/c"))).toEqual([
      { type: "folder", path: "a" },
      { type: "folder", path: "a/b" },
      { type: "file", path: "a/b/c", executable: false, content },
    ]);
    expect(added(tree, { type: "folder", path: "a/b/", mode: 0o755 })).toEqual([]);
    expect(added(tree, { type: "folder", path: "./", mode: 0o7755 })).toEqual([]);
  });

  it("keeps nothing of a mode but the owner's executable bit", () => {
    const tree = checking();
    expect(added(tree, file("a", 0o7100)).at(-1)).toMatchObject({ executable: true });
    expect(added(tree, file("b", 0o7677)).at(-1)).toMatchObject({ executable: false });
  });

  it("is left without links that stand for files elsewhere", () => {
    const tree = checking();
    added(tree, file("a.h"));
    expect(added(tree, link("include/b.h", "/vendor/b.h"))).toEqual([{ type: "folder", path: "include" }]);
    tree.end();
    expect(tree.leftOut).toEqual(["include/b.h"]);
  });

  it("is refused at its end if more than half of its files and links are left out", () => {
    const tree = checking();
    for (const member of [file("a/b/c/d.h"), link("e.h", "/e.h"), link("f.h", "/f.h")]) added(tree, member);
    expect(() => tree.end()).toThrow("built from a linked source tree");
  });

  it("is refused at its end if a link leaves it through a later one", () => {
    const tree = checking();
    added(tree, link("sub/a", "b/../.."));
    added(tree, link("sub/b", ".."));
    expect(() => tree.end()).toThrow("leaves the tree through another link");
  });

  it("may have exactly as much as the limits allow", () => {
    const tree = checking({ members: 2, links: 1, allPathBytes: 3 });
    added(tree, file("a"));
    added(tree, link("b", "a"));
    tree.end();
    expect(() => added(tree, file("c"))).toThrow("over the limit");
  });

  it("names what was there first, as it was written, where case is ignored", () => {
    const tree = new TreeCheck({ limits: archiveLimits, caseInsensitive: true });
    added(tree, file("Include/A.h"));
    expect(added(tree, file("Include/b.h"))).toHaveLength(1);
    expect(() => added(tree, file("Include/a.h"))).toThrow('"Include/A.h" and "Include/a.h" are one name');
    expect(() => added(tree, file("include/c.h"))).toThrow('"Include" and "include" are one name');
    expect(() => added(tree, file("Include/a.H/x"))).toThrow('lies below the file "Include/A.h"');
  });
});
