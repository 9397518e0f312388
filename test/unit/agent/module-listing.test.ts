import { describe, expect, it } from "vitest";
import { Block } from "../../../host/agent/block.js";
import { moduleListingOf } from "../../../host/agent/module-listing.js";

const listingOf = (lines: readonly string[], said = "") => moduleListingOf(new Block(lines), said);

describe("a listing of modules", () => {
  it("has each file once, and files alone", () => {
    const { modules, isPartial } = listingOf([
      "module=81a4 10 8:1 /system/lib/modules/a.ko",
      "module=81a4 10 8:1 /system_dlkm/lib/modules/a.ko",
      "module=41ed 4096 8:2 /odm/lib/modules/folder.ko",
      "module=8124 7 9:1 /odm/lib/modules/c d.ko",
    ]);
    expect(modules).toEqual([
      { path: "/system/lib/modules/a.ko", size: 10 },
      { path: "/odm/lib/modules/c d.ko", size: 7 },
    ]);
    expect(isPartial).toBe(false);
  });

  it("is partial if a folder is closed, or find says so", () => {
    expect(listingOf(["denied=/odm/lib/modules"])).toMatchObject({
      denied: ["/odm/lib/modules"],
      isPartial: true,
    });
    expect(listingOf([], "find: /odm/lib/modules/6.1: Permission denied\n").isPartial).toBe(true);
  });

  it.each([
    "no such thing",
    "81a4 1 8:1 relative.ko",
    "81a4 -1 8:1 /a.ko",
    "81a4 1e9 8:1 /a.ko",
    "81a4 1234567890123456 8:1 /a.ko",
    "zz 1 8:1 /a.ko",
  ])("has nothing else: %s", (line) => {
    expect(() => listingOf([`module=${line}`])).toThrow(expect.objectContaining({ code: "protocol-error" }));
  });

  it("has no more modules than any device", () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, inode) => `module=81a4 1 8:${inode} /a.ko`);
    expect(listingOf(lines(20_000)).modules).toHaveLength(20_000);
    expect(() => listingOf(lines(20_001))).toThrow(expect.objectContaining({ code: "protocol-error" }));
  });
});
