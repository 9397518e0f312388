import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compileCore } from "../../../host/btf/core.js";
import { completePullOptions } from "../../../host/pull/options.js";
import { temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { writeFakeClang } from "../../support/fake-clang.js";
import { fakeProgram } from "../../support/fake-program.js";
import { writeTree } from "../../support/kernel-tree.js";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, "core.c"), '#include "vmlinux.h"\n');
  fakeProgram("pahole", `echo made >"\${2#--btf_encode_detached=}"`);
  fakeProgram("bpftool", "echo 'struct task_struct {};'");
});
afterEach(() => vi.unstubAllEnvs());

/** Compiles with a clang that makes an object of the words that it got and the vmlinux.h that it sees. */
async function compile(clangBody?: string) {
  const seen = `for word in $words; do case $word in -I/*) cat "\${word#-I}/vmlinux.h" 2>/dev/null; esac; done`;
  const body = clangBody ?? `{ echo "$words"; ${seen}; } >"$out"`;
  const pulled = await completePullOptions({ cache: temporaryCache() });
  const clang = writeFakeClang(temporaryFolder(), { clangBody: body });
  let said = "";
  const core = {
    source: join(folder, "core.c"),
    output: join(folder, "core.o"),
    version: "v2",
    flags: ["-DDEBUG"],
    onDiagnostics: (text: string) => {
      said += text;
    },
  } as const;
  const tree = writeTree(join(folder, "tree"));
  const object = await compileCore(tree, { ...pulled, from: undefined, clang }, core);
  return { ...object, said };
}

describe("a CO-RE program", () => {
  it("is compiled for eBPF itself, with the kernel's vmlinux.h and architecture", async () => {
    const { path, from, release } = await compile();
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(
      /^-target bpf -mcpu=v2 -g -O2 -D__TARGET_ARCH_arm64 -I\S+ -DDEBUG -c -o \S+ -- \S+core\.c\n/,
    );
    expect(text).toContain("struct task_struct {};");
    expect([from, release]).toEqual(["headers", "6.1.57-android14-11"]);
  });

  it("that is wrong leaves no object", async () => {
    const refuse = `case $words in *'-target bpf'*) echo "core.c: error: no" >&2; exit 1 ;; esac; : >"$out"`;
    await expect(compile(refuse)).rejects.toMatchObject({ code: "compile-failed" });
    expect(existsSync(join(folder, "core.o"))).toBe(false);
  });
});
