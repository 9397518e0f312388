import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { memberPath, standsForFile, targetComponents } from "../../../../host/archive/tar/names.js";

describe("the path of a member", () => {
  it.each([
    ["./include/a.h", false, "include/a.h"],
    ["include/", true, "include"],
    ["./", true, ""],
    [".", true, ""],
    ["..a/.b/b..", false, "..a/.b/b.."],
    ["\u00e9/\u{1f427}", false, "\u00e9/\u{1f427}"],
  ])("%j is one inside the tree", (written, isFolder, path) => {
    expect(memberPath(written, isFolder, archiveLimits)).toBe(path);
  });

  it("has components of at most the limit, in bytes", () => {
    const limits = { ...archiveLimits, nameBytes: 9 };
    for (const path of ["n".repeat(9), `a/${"\u20ac".repeat(3)}/b`])
      expect(memberPath(path, false, limits)).toBe(path);
    for (const path of ["n".repeat(10), "\u00e9".repeat(5), `a/${"\u20ac".repeat(3)}n/b`])
      expect(() => memberPath(path, false, limits)).toThrow("over the limit of 9 bytes");
  });

  it("has at most as many components as the limit", () => {
    const limits = { ...archiveLimits, depth: 3 };
    for (const path of ["a/b/c", "aaaa/bbbb/cccc"]) expect(memberPath(path, false, limits)).toBe(path);
    for (const path of ["a/b/c/d", "aaaa/bbbb/cccc/dddd"])
      expect(() => memberPath(path, false, limits)).toThrow("over the limit of 3 components");
  });

  it("may have just the limit, without what tar writes beside it", () => {
    const path = `${"d/".repeat(20)}${"n".repeat(200)}`;
    const limits = { ...archiveLimits, pathBytes: path.length };
    for (const written of [path, `./${path}`, `./${path}/`])
      expect(memberPath(written, written.endsWith("/"), limits)).toBe(path);
    for (const written of [`${path}n`, `./${path}n/`])
      expect(() => memberPath(written, written.endsWith("/"), limits)).toThrow("over the limit");
  });

  it.each([
    "",
    "/",
    "/a",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "a//b",
    "a/./b",
    "a/",
    "././a",
    "a\nb",
    "a\x7f",
    "a\u009b",
  ])("%j is refused", (path) => {
    expect(() => memberPath(path, false, archiveLimits)).toThrow(
      expect.objectContaining({ code: "archive-refused" }),
    );
  });
});

describe("the target of a link", () => {
  it("is split, whatever it leads to", () => {
    expect(targetComponents("l", "../a//./b/", archiveLimits)).toEqual(["..", "a", "b"]);
    expect(targetComponents("l", "/etc", archiveLimits)).toEqual(["etc"]);
  });

  it.each(["", "a\nb", "n".repeat(256), "d/".repeat(400)])("%j is refused", (target) => {
    expect(() => targetComponents("l", target, archiveLimits)).toThrow(
      expect.objectContaining({ code: "archive-refused" }),
    );
  });
});

describe("a link that leaves the tree", () => {
  it.each([
    ["include/a.h", "/vendor/a.h", true],
    ["include/a.h", "../../vendor/a-v2.h", true],
    ["scripts/run", "/build/scripts/run", true],
    ["include/a.h", "/etc/shadow", false],
    ["l", "..", false],
    ["l.h", "/", false],
    ["l", "/a.h", false],
  ])("%s to %s stands for a file: %s", (path, target, expected) => {
    expect(standsForFile(path, target)).toBe(expected);
  });
});
