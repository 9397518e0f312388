import { describe, expect, it } from "vitest";
import { versionInHeader, versionInMakefile, versionOfTree } from "../../../host/kernel/version.js";
import { temporaryFolder } from "../../support/cache-fixture.js";
import { writeTree } from "../../support/kernel-tree.js";

describe("the version of a kernel's source", () => {
  it("is in the first lines of its Makefile", () => {
    const makefile =
      "# SPDX-License-Identifier: GPL-2.0\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 57\nEXTRAVERSION =\n";
    expect(versionInMakefile(makefile)).toEqual({ series: "6.1", patchLevel: 57 });
  });

  it.each(["", "include /usr/src/linux/Makefile\n", "VERSION = 6\n", "all:\n"])("is not in %j", (text) => {
    expect(versionInMakefile(text)).toBeUndefined();
  });

  it("is one number in older headers, and has its patch level apart in newer ones", () => {
    expect(versionInHeader("#define LINUX_VERSION_CODE 330321\n")).toEqual({
      series: "5.10",
      patchLevel: 81,
    });
    const capped = "#define LINUX_VERSION_CODE 265983\n#define LINUX_VERSION_SUBLEVEL 336\n";
    expect(versionInHeader(capped)).toEqual({ series: "4.14", patchLevel: 336 });
    expect(versionInHeader("#define LINUX_VERSION_CODE x\n")).toBeUndefined();
  });

  it("is told by version.h before the release, which may not have it", () => {
    const release = "6.1.0-56-amd64";
    const header = "#define LINUX_VERSION_CODE 393664\n";
    const tree = writeTree(temporaryFolder(), {
      release,
      files: { "include/generated/uapi/linux/version.h": header },
    });
    expect(versionOfTree(tree, release)).toEqual({ series: "6.1", patchLevel: 192 });
    const without = writeTree(temporaryFolder(), { release });
    expect(versionOfTree(without, release)).toEqual({ series: "6.1", patchLevel: 0 });
    expect(versionOfTree(without, "6.6-rc1")).toEqual({ series: "6.6", patchLevel: 0 });
    expect(versionOfTree(without, "custom")).toBeUndefined();
  });
});
