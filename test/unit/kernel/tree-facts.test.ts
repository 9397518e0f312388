import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTreeFacts } from "../../../host/kernel/tree-facts.js";
import { type TreeOptions, writeTree } from "../../support/kernel-tree.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-tree-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bits64 = "CONFIG_64BIT 1";

function factsOf(options: TreeOptions) {
  return readTreeFacts(writeTree(folder, options));
}

describe("what a tree says of its kernel", () => {
  it.each([
    { arch: "x86", macros: [bits64], machine: "x86_64", bits: 64 },
    { arch: "x86", macros: ["CONFIG_X86_32 1"], machine: "i686", bits: 32 },
    { arch: "arm64", macros: [bits64], machine: "aarch64", bits: 64 },
    { arch: "arm", macros: ["CONFIG_ARM 1"], machine: "armv7l", bits: 32 },
    { arch: "riscv", macros: [bits64], machine: "riscv64", bits: 64 },
  ])("is its architecture: $machine", ({ arch, macros, machine, bits }) => {
    expect(factsOf({ arch, macros }).architecture).toMatchObject({ sourceName: arch, machine, bits });
  });

  it("is its release, its path, and its configuration", () => {
    const facts = factsOf({ release: "5.10.1-x", macros: [bits64, "CONFIG_HZ 250"] });
    expect(facts).toMatchObject({ tree: folder, release: "5.10.1-x" });
    expect(facts.config.get("CONFIG_HZ")).toBe("250");
  });

  it("is the order of its bytes", () => {
    expect(factsOf({ macros: [bits64] }).endianness).toBe("little");
    expect(factsOf({ macros: [bits64, "CONFIG_CPU_BIG_ENDIAN 1"] }).endianness).toBe("big");
  });

  it("is its compiler, with no quote escaped", () => {
    const text = 'CONFIG_CC_VERSION_TEXT "Android clang version 14.0.7 (\\"a\\\\b\\")"';
    expect(factsOf({ macros: [bits64, text] }).compiler).toBe('Android clang version 14.0.7 ("a\\b")');
  });

  it("is no compiler where the kernel is older than the option", () => {
    expect(factsOf({ macros: [bits64] }).compiler).toBeUndefined();
  });

  it("is whether it builds modules: whether it has the Makefiles that this begins with", () => {
    expect(factsOf({}).flavour).toBe("headers");
    expect(factsOf({ files: { Makefile: "", "scripts/mod/modpost": "" } }).flavour).toBe("headers");
    expect(factsOf({ files: { "scripts/Makefile.build": "" } }).flavour).toBe("headers");
    expect(factsOf({ files: { "arch/arm64/Makefile": "" } }).flavour).toBe("modules");
  });
});

describe("what is no tree", () => {
  const usage = (message: RegExp) =>
    expect.objectContaining({ code: "usage", message: expect.stringMatching(message) });

  it("is refused when it is empty, or a file", () => {
    expect(() => readTreeFacts(folder)).toThrow(usage(/is not a kernel header tree: it has no include/));
    writeFileSync(join(folder, "file"), "");
    expect(() => readTreeFacts(join(folder, "file"))).toThrow(usage(/is not a kernel header tree/));
  });

  it("is refused when its release is not told", () => {
    const files = { "include/generated/utsrelease.h": "" };
    expect(() => factsOf({ files })).toThrow(usage(/does not define UTS_RELEASE/));
  });

  it("is refused without a folder for an architecture", () => {
    writeTree(folder);
    rmSync(join(folder, "arch"), { recursive: true });
    expect(() => readTreeFacts(folder)).toThrow(usage(/it has no arch\/…\/include/));
    mkdirSync(join(folder, "arch"));
    expect(() => readTreeFacts(folder)).toThrow(usage(/it has no arch\/…\/include/));
  });

  it("is refused with an architecture that is not known", () => {
    expect(() => factsOf({ arch: "sparc" })).toThrow(usage(/"sparc" is unknown/));
  });
});
