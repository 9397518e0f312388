import { afterEach, describe, expect, it, vi } from "vitest";
import {
  chooseCompiler,
  compilerWarning,
  parseCompilerVersion,
} from "../../../../host/build/module/compiler.js";
import { architectureOf } from "../../../../host/kernel/architecture.js";
import type { TreeFacts } from "../../../../host/kernel/tree-facts.js";
import { required } from "../../../support/cache-kernels.js";
import { fakeProgram } from "../../../support/fake-program.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the version of a compiler", () => {
  it.each([
    ["gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0", "gcc", 12],
    ["aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0", "gcc", 12],
    ["gcc (GCC) 13.2.1 20230801 (Red Hat 13.2.1-1)", "gcc", 13],
    ["x86_64-linux-gnu-gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0", "gcc", 11],
    ["gcc version 6.3.0 (Debian 6.3.0-18) ", "gcc", 6],
    ["Debian clang version 16.0.6 (15~deb12u1)", "clang", 16],
    [
      "Android (10087095, +pgo, +bolt, +lto, -mlgo, based on r487747c) clang version 17.0.2 (url 0d9)",
      "clang",
      17,
    ],
  ])("%s", (text, kind, major) => {
    expect(parseCompilerVersion(text)).toEqual({ kind, major });
  });

  it.each(["", "tcc version 0.9.27", "gcc"])("cannot be told from %j", (text) => {
    expect(parseCompilerVersion(text)).toBeUndefined();
  });
});

function facts(compiler: string, ...options: string[]): TreeFacts {
  return {
    tree: "/tree",
    release: "6.1.57",
    architecture: required(architectureOf("arm64", 64)),
    endianness: "little",
    flavour: "headers",
    compiler,
    includedFirst: [],
    config: new Map(options.map((option) => [option, "1"])),
  };
}

const clang16 = facts("Debian clang version 16.0.6", "CONFIG_CC_IS_CLANG");
const gcc12 = facts("gcc-12 (Debian 12.2.0-14) 12.2.0");

describe("the compiler of a module", () => {
  const choose = (tree: TreeFacts, ...args: string[]) =>
    chooseCompiler(tree, "aarch64", args, new AbortController().signal);

  it("is the usual one if it has the version of the kernel's", async () => {
    fakeProgram("clang", "echo 'clang version 16.0.1'");
    expect(await choose(clang16)).toMatchObject({ compiler: "clang", version: { kind: "clang", major: 16 } });
  });

  it("is one with the version in its name, if the usual one has another", async () => {
    fakeProgram("clang", "echo 'clang version 14.0.6'");
    fakeProgram("clang-16", "echo 'clang version 16.0.6'");
    const chosen = await choose(clang16);
    expect(chosen.compiler).toBe("clang-16");
    expect(chosen.variables).toContain("LLVM=-16");
    expect(chosen.variables).not.toContain("LLVM=1");
    fakeProgram("gcc", "echo 'gcc (GCC) 14.1.0'");
    fakeProgram("gcc-12", "echo 'gcc-12 (GCC) 12.2.0'");
    expect((await choose(gcc12)).variables).toContain("CC=gcc-12");
  });

  it("is the usual one if there is none of the kernel's version", async () => {
    fakeProgram("gcc", "echo 'gcc (GCC) 14.1.0'");
    fakeProgram("gcc-12", "exit 127");
    expect(await choose(gcc12)).toMatchObject({ compiler: "gcc", version: { kind: "gcc", major: 14 } });
  });

  it.each([
    [["CC=ccache my-cc"], "my-cc"],
    [["LLVM=-15"], "clang-15"],
    [["LLVM=1"], "clang"],
    [["CROSS_COMPILE=other-"], "other-gcc"],
  ])("is the one that %j names", async (args, compiler) => {
    fakeProgram(compiler, "echo 'clang version 15.0.0'");
    expect(await choose(gcc12, ...args)).toMatchObject({ compiler, version: { major: 15 } });
  });

  it("must be there", async () => {
    await expect(choose(gcc12, "CC=no-such-compiler")).rejects.toThrow(
      expect.objectContaining({ code: "tool-missing", hint: expect.stringContaining("CC=gcc-12") }),
    );
  });
});

describe("a compiler of another version than the kernel's", () => {
  const clang14 = { compiler: "clang", version: { kind: "clang", major: 14 } } as const;

  it("is warned of", () => {
    expect(compilerWarning(clang16, clang14, false)).toBe(
      "the kernel was built with clang 16, and clang is clang 14",
    );
    const gcc = { compiler: "gcc", version: { kind: "gcc", major: 16 } } as const;
    expect(compilerWarning(clang16, gcc, false)).toContain("gcc is GCC 16");
  });

  it.each([
    ["CONFIG_CFI_CLANG", "kCFI, so a call through a pointer may panic the kernel"],
    ["CONFIG_LTO_CLANG_FULL", "LTO, so the module may not link, or not fit"],
  ])("is refused by %s, unless it is forced", (option, reason) => {
    const tree = facts("clang version 16.0.6", "CONFIG_CC_IS_CLANG", option);
    expect(() => compilerWarning(tree, clang14, false)).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringContaining(reason),
        hint: expect.stringMatching(/LLVM=-16.*--force/),
      }),
    );
    expect(compilerWarning(tree, clang14, true)).toContain(reason);
  });

  it("is not one of the same version, nor known where the kernel does not tell its own", () => {
    expect(
      compilerWarning(clang16, { ...clang14, version: { kind: "clang", major: 16 } }, false),
    ).toBeUndefined();
    expect(compilerWarning({ ...clang16, compiler: undefined }, clang14, false)).toBeUndefined();
  });
});
