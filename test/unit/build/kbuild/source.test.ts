import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findKbuildSource, rootsOf, versionOfRoots } from "../../../../host/build/kbuild/source.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

const makefile = "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 57\n";

function folderWith(name: string, content: string, base = temporaryFolder()): string {
  const folder = join(base, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "Makefile"), content);
  return folder;
}

describe("a source", () => {
  it("is a folder or an archive, and another one when it was changed", () => {
    const folder = folderWith("linux", makefile);
    const found = findKbuildSource(folder);
    expect(found).toMatchObject({ path: folder, kind: "folder", id: expect.stringMatching(/^[\da-f]{12}$/) });
    expect(findKbuildSource(folder)).toEqual(found);
    utimesSync(join(folder, "Makefile"), 1000, 1000);
    expect(findKbuildSource(folder).id).not.toBe(found.id);
    const archive = join(folder, "linux-6.1.tar.xz");
    writeFileSync(archive, "");
    expect(findKbuildSource(archive)).toMatchObject({ kind: "archive" });
  });

  it.each(["linux.zip", "missing"])("is not %s", (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "linux.zip"), "");
    expect(() => findKbuildSource(join(folder, name))).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("the folders of a build system", () => {
  it("are one for a source", () => {
    const folder = folderWith("linux", makefile);
    expect(rootsOf(folder)).toEqual([folder]);
    expect(versionOfRoots([folder])).toEqual({ series: "6.1", patchLevel: 57 });
  });

  it("are two where the Makefile includes another, which may have been moved along", () => {
    const base = temporaryFolder();
    const common = folderWith("linux-headers-6.1.0-56-common", makefile, base);
    const headers = folderWith("headers", `include ${common}/Makefile\n`, base);
    expect(rootsOf(headers)).toEqual([headers, common]);
    const moved = folderWith("moved", "include /no/such/linux-headers-6.1.0-56-common/Makefile\n", base);
    expect(rootsOf(moved)).toEqual([moved, common]);
    expect(versionOfRoots(rootsOf(moved))).toEqual({ series: "6.1", patchLevel: 57 });
  });

  it("are two for the output folder of a build", () => {
    const base = temporaryFolder();
    const source = folderWith("source-of-it", makefile, base);
    const output = folderWith("out", "MAKEARGS := -C /elsewhere\n", base);
    symlinkSync(source, join(output, "source"));
    expect(rootsOf(output)).toEqual([output, join(output, "source")]);
  });

  it.each([
    ["include /no/such/linux/Makefile\n", /includes that of \/no\/such\/linux, which is missing/],
    ["all:\n", /its Makefile names no version/],
  ])("are not known from %j", (content, message) => {
    expect(() => rootsOf(folderWith("other", content))).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
    );
    expect(() => rootsOf(temporaryFolder())).toThrow("has no Makefile of a kernel");
  });
});
