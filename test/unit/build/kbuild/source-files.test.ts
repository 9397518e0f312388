import { expect, it } from "vitest";
import { isNeededSource, tarPatterns } from "../../../../host/build/kbuild/source-files.js";

const file = (path: string) => isNeededSource(path, false, "arm64");
const folder = (path: string) => isNeededSource(path, true, "arm64");

it.each([
  "Makefile",
  "Kconfig",
  "tools/Makefile",
  "scripts/mod/modpost.c",
  "include/linux/sched.h",
  "arch/arm64/kernel/asm-offsets.c",
  "kernel/bounds.c",
  "lib/vdso/gettimeofday.c",
  "tools/objtool/check.c",
  "drivers/net/Kconfig",
  "arch/x86/Kconfig.debug",
])("takes %s", (path) => expect(file(path)).toBe(true));

it.each([
  "README",
  "drivers/net/loopback.c",
  "arch/x86/kernel/setup.c",
  "tools/perf/perf.c",
  "scripts/mod/modpost.o",
  "scripts/mod/.modpost.cmd",
  "Module.symvers",
])("leaves %s", (path) => expect(file(path)).toBe(false));

it("looks into folders, but not of version control, of device trees, and of an earlier build", () => {
  expect(["drivers", "arch/arm64", "include"].map(folder)).toEqual([true, true, true]);
  expect([".git", "arch/arm64/boot/dts", "include/generated", "include/config"].map(folder)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

it("tells tar the same, whatever characters the folder around all has", () => {
  const patterns = tarPatterns("linux-[6].1/", "x86");
  expect(patterns).toContain("linux-\\[6].1/scripts");
  expect(patterns).toContain("--exclude=linux-\\[6].1/include/generated");
  expect(patterns).toContain("linux-\\[6].1/*/Kconfig*");
});
