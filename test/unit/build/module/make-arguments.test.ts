import { describe, expect, it } from "vitest";
import {
  assertPathForMake,
  moduleBuild,
  modulesIn,
  toolArguments,
  withStamp,
} from "../../../../host/build/module/make-arguments.js";
import { architectureOf } from "../../../../host/kernel/architecture.js";
import type { TreeFacts } from "../../../../host/kernel/tree-facts.js";

function facts(source: "x86" | "arm64", release: string, ...options: string[]): TreeFacts {
  const architecture = architectureOf(source, 64);
  if (architecture === undefined) throw new Error(`no architecture ${source}`);
  return {
    tree: "/tree",
    release,
    architecture,
    endianness: "little",
    flavour: "modules",
    compiler: undefined,
    includedFirst: [],
    config: new Map(options.map((option) => [option, "1"])),
  };
}

describe("how modules are built", () => {
  const always = "KBUILD_MODPOST_WARN=1";

  it.each([
    {
      what: "with GCC for this machine",
      facts: facts("x86", "6.1.0-56-cloud-amd64", "CONFIG_CC_IS_GCC"),
      variables: ["ARCH=x86", "CROSS_COMPILE=", "LLVM=", always],
      compiler: "gcc",
    },
    {
      what: "with a cross compiler for another",
      facts: facts("arm64", "6.1.57", "CONFIG_CC_IS_GCC"),
      variables: ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "LLVM=", always],
      compiler: "aarch64-linux-gnu-gcc",
    },
    {
      what: "with LLVM where clang built the kernel",
      facts: facts("arm64", "5.10.198-android13-4", "CONFIG_CC_IS_CLANG", "CONFIG_LD_IS_LLD"),
      variables: ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "LLVM=1", always],
      compiler: "clang",
    },
    {
      what: "with clang by name where the kernel knows no LLVM=1",
      facts: facts("x86", "4.19.113", "CONFIG_CC_IS_CLANG", "CONFIG_LD_IS_LLD"),
      variables: ["ARCH=x86", "CROSS_COMPILE=", "LLVM=1", "CC=clang", "LD=ld.lld", always],
      compiler: "clang",
    },
    {
      what: "with the linker that linked the kernel",
      facts: facts("x86", "5.4.61", "CONFIG_CC_IS_CLANG"),
      variables: ["ARCH=x86", "CROSS_COMPILE=", "LLVM=1", "CC=clang", always],
      compiler: "clang",
    },
  ])("$what", ({ facts: tree, variables, compiler }) => {
    expect(moduleBuild(tree, "x86_64")).toEqual({ variables, compiler });
  });

  it.each([
    ["/home/me/my module", "a space"],
    ["/home/me/a\tb", "a space"],
    ["/home/me/a:b", '":"'],
    ["/home/me/a#b", '"#"'],
    ["/home/me/$a", '"$"'],
    ["/home/me/a;id", '";"'],
    ["/home/me/`id`", '"`"'],
    ["/home/me/a|b", '"|"'],
    ["/home/me/a&b", '"&"'],
    ["/home/me/a>b", '">"'],
    ["/home/me/(a", '"("'],
    ["/home/me/a*", '"*"'],
    ["/home/me/~a", '"~"'],
    ["/home/me/a!b", '"!"'],
    ["/home/me/{a,b}", '"{"'],
    ["/home/me/a?", '"?"'],
    ["/home/me/[a]", '"["'],
    ["/home/me/a\nb", "a space"],
    ["/home/me/a\u001bb", '"\\x1b"'],
  ])("not in %j, which make or its shell would take apart", (path, what) => {
    expect(() => assertPathForMake(path, "the module's folder", "Move it.")).toThrow(
      expect.objectContaining({
        code: "usage",
        hint: expect.stringMatching(
          /only work with letters, digits and @ \+ = , \. \/ - _ there\. Move it\.$/,
        ),
        message: expect.stringContaining(`the module's folder has ${what} in its path: /home/me/`),
      }),
    );
  });

  it("in any other folder", () => {
    expect(() => assertPathForMake("/home/me/ä-b_c.d+e@f,g=1", "it", "")).not.toThrow();
  });
});

describe("the modules of a build are told by its modules.order", () => {
  it.each([
    ["before 5.3", "kernel//home/me/hello/hello.ko\nkernel//home/me/hello/sub/other.ko\n"],
    ["from 5.3 on", "/home/me/hello/hello.ko\n/home/me/hello/sub/other.ko\n"],
    ["from 6.2 on", "/home/me/hello/hello.o\n/home/me/hello/sub/other.o\n"],
    ["from 6.13 on", "hello.o\nsub/other.o\n"],
    ["with one twice", "hello.o\nsub/other.o\nhello.o\n"],
  ])("%s", (_, order) => {
    expect(modulesIn(order, "/home/me/hello")).toEqual([
      "/home/me/hello/hello.ko",
      "/home/me/hello/sub/other.ko",
    ]);
  });

  it("which may be empty", () => {
    expect(modulesIn("", "/home/me/hello")).toEqual([]);
  });
});

describe("arguments for make", () => {
  it("that name tools are also for what is prepared for a module", () => {
    const all = ["-j8", "-s", "CC=gcc-12", "LLVM=-16", "HOSTCC=cc", "W=1", "CROSS_COMPILE=a-", "clean"];
    expect(toolArguments(all)).toEqual(["-s", "CC=gcc-12", "LLVM=-16", "HOSTCC=cc", "CROSS_COMPILE=a-"]);
  });

  it("differ from kernel to kernel, so that make builds a module anew", () => {
    const one = withStamp(["-j8"], "/cache/one", {});
    expect(one).toEqual(["-j8", expect.stringMatching(/^KCPPFLAGS=-D__kheaders_kernel_[\da-f]{12}$/)]);
    expect(withStamp(["-j8"], "/cache/one", {})).toEqual(one);
    expect(withStamp(["-j8"], "/cache/other", {})).not.toEqual(one);
  });

  it("keep the user's own flags", () => {
    expect(withStamp([], "/cache", { KCPPFLAGS: "-DMINE" })[0]).toMatch(/^KCPPFLAGS=-DMINE -D__kheaders/);
    expect(withStamp(["KCPPFLAGS=-DTHIS"], "/cache", { KCPPFLAGS: "-DMINE" }).at(-1)).toMatch(
      /^KCPPFLAGS=-DTHIS -D__kheaders/,
    );
  });
});
