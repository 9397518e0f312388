import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { pathComponents, standsForFile, targetComponents } from "../../../../host/archive/tar/names.js";

describe("the path of a member", () => {
  it.each([
    ["./include/a.h", false, ["include", "a.h"]],
    ["include/", true, ["include"]],
    ["./", true, []],
    [".", true, []],
    ["..a/b..", false, ["..a", "b.."]],
  ])("%j is split", (path, isFolder, components) => {
    expect(pathComponents(path, isFolder, archiveLimits)).toEqual(components);
  });

  it("may have just the limit, without what tar writes beside it", () => {
    const path = `${"d/".repeat(20)}${"n".repeat(200)}`;
    const limits = { ...archiveLimits, pathBytes: path.length };
    for (const written of [path, `./${path}`, `./${path}/`])
      expect(pathComponents(written, written.endsWith("/"), limits)).toHaveLength(21);
    for (const written of [`${path}n`, `./${path}n/`])
      expect(() => pathComponents(written, written.endsWith("/"), limits)).toThrow("over the limit");
  });

  it.each(["", "/", "/a", "..", "a/..", "a//b", "a/./b", "a/", "././a", "a\nb", "a\u009b"])(
    "%j is refused",
    (path) => {
      expect(() => pathComponents(path, false, archiveLimits)).toThrow(
        expect.objectContaining({ code: "archive-refused" }),
      );
    },
  );
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
