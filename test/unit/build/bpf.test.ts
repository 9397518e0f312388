import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BpfOptions, compileBpf, objectNameOf } from "../../../host/build/bpf.js";
import { checkHeaders } from "../../../host/build/check-headers.js";
import { type FakeClangOptions, writeFakeClang } from "../../support/fake-clang.js";
import { writeTree } from "../../support/kernel-tree.js";
import { findProgram } from "../../support/programs.js";
import { skipBecause } from "../../support/skip.js";

let folder: string;
let said: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-bpf-test-"));
  for (const name of ["bin", "tree", "out"]) mkdirSync(join(folder, name));
  writeTree(join(folder, "tree"));
  writeFileSync(join(folder, "prog.c"), "");
  said = "";
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function compile(tools: FakeClangOptions = {}, options: Partial<BpfOptions> = {}) {
  return compileBpf({
    tree: join(folder, "tree"),
    source: join(folder, "prog.c"),
    output: join(folder, "out/prog.o"),
    version: "v1",
    clang: writeFakeClang(join(folder, "bin"), tools),
    flags: [],
    signal: new AbortController().signal,
    onDiagnostics: (text) => {
      said += text;
    },
    onWarning: (message) => warnings.push(message),
    ...options,
  });
}

/** What is in the folder of the output. */
function made(): string[] {
  return readdirSync(join(folder, "out"));
}

const failure = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("compiling a program", () => {
  it("makes the object, and tells of it", async () => {
    const object = await compile();
    expect(object).toMatchObject({ path: join(folder, "out/prog.o"), release: "6.1.57-android14-11" });
    expect(readFileSync(object.path).length).toBe(object.bytes);
    expect(made()).toEqual(["prog.o"]);
  });

  it("gives clang the flags for the tree, and those of the user after them", async () => {
    const { path: output } = await compile({}, { flags: ["-DMINE", "-Werror"] });
    const words = readFileSync(output, "utf8");
    expect(words).toMatch(/-target aarch64-linux-gnu .*-isystem \/res\/include .*-DMINE -Werror -c/);
  });

  it("asks llc for the version of eBPF and the order of bytes", async () => {
    writeTree(join(folder, "tree"), { macros: ["CONFIG_64BIT 1", "CONFIG_CPU_BIG_ENDIAN 1"] });
    const { path: output } = await compile({ llcBody: 'echo "$words" >"$out"' }, { version: "v3" });
    expect(readFileSync(output, "utf8")).toMatch(/-march=bpfeb -mcpu=v3 /);
  });

  it("passes warnings on", async () => {
    await compile({ clangBody: 'echo "prog.c:1: warning: hm" >&2; echo >"$out"' });
    expect(said).toBe("prog.c:1: warning: hm\n");
  });

  it.each(["clangBody", "llcBody"])("leaves the object of before when %s fails", async (body) => {
    writeFileSync(join(folder, "out/prog.o"), "before");
    const tools = { [body]: 'echo half >"$out"; echo "prog.c:1: error: no" >&2; exit 1' };
    await expect(compile(tools)).rejects.toThrow(failure("compile-failed", /does not compile .*prog\.c/));
    expect(said).toBe("prog.c:1: error: no\n");
    expect(made()).toEqual(["prog.o"]);
    expect(readFileSync(join(folder, "out/prog.o"), "utf8")).toBe("before");
  });

  it("writes through a symbolic link, which stays one", async () => {
    writeFileSync(join(folder, "real.o"), "before");
    symlinkSync(join(folder, "real.o"), join(folder, "out/prog.o"));
    expect((await compile()).path).toBe(join(folder, "real.o"));
    expect(lstatSync(join(folder, "out/prog.o")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, "real.o"), "utf8")).not.toBe("before");
  });

  it("does not replace what is not a regular file", async () => {
    await expect(compile({}, { output: "/dev/null" })).rejects.toThrow(
      failure("output-failed", /not a regular file/),
    );
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
    await expect(compile({}, { output: join(folder, "out") })).rejects.toThrow(failure("output-failed", /./));
  });

  it("says so when the output's folder is not there", async () => {
    const output = join(folder, "nowhere/prog.o");
    await expect(compile({}, { output })).rejects.toThrow(failure("output-failed", /cannot write/));
  });

  it.each([
    ["prog.c", "prog.o"],
    ["../probes/opens.bpf.c", "opens.bpf.o"],
    ["/probes/opens", "opens.o"],
  ])("calls the object of %s %s, in the working folder, unless told otherwise", (source, name) => {
    expect(objectNameOf(source)).toBe(name);
  });

  it("does not replace its own source", async () => {
    const source = join(folder, "prog.c");
    symlinkSync(source, join(folder, "link.c"));
    for (const output of [source, join(folder, "link.c")]) {
      await expect(compile({}, { output })).rejects.toThrow(
        failure("usage", /the object would replace its source/),
      );
    }
    expect(readFileSync(source, "utf8")).toBe("");
  });

  it("refuses a source that is not there", async () => {
    const source = join(folder, "other.c");
    await expect(compile({}, { source })).rejects.toThrow(failure("usage", /no such file/));
  });

  it("warns of structures that the kernel shuffled", async () => {
    await compile();
    expect(warnings).toEqual([]);
    writeTree(join(folder, "tree"), { macros: ["CONFIG_64BIT 1", "CONFIG_RANDSTRUCT 1"] });
    await compile();
    expect(warnings).toEqual([expect.stringContaining("CONFIG_RANDSTRUCT")]);
    await check(writeFakeClang(join(folder, "bin"), { clangBody: "cat >/dev/null" }));
    expect(warnings).toHaveLength(2);
  });

  it("refuses a 32-bit kernel, whose structures eBPF would misread", async () => {
    writeTree(join(folder, "tree32"), { arch: "arm", macros: [] });
    await expect(compile({}, { tree: join(folder, "tree32") })).rejects.toThrow(
      failure("usage", /armv7l has 32-bit pointers/),
    );
  });

  it("ends with the signal's reason, with nothing made", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const started = join(folder, "started");
    const compiling = compile(
      { clangBody: `echo >'${started}'; exec sleep 600` },
      { signal: controller.signal },
    );
    const ended = expect(compiling).rejects.toBe(reason);
    await expect.poll(() => existsSync(started)).toBe(true);
    controller.abort(reason);
    await ended;
    expect(made()).toEqual([]);
  });
});

describe("the compiler", () => {
  it("may be missing", async () => {
    const clang = join(folder, "no-clang");
    await expect(compile({}, { clang })).rejects.toThrow(failure("tool-missing", /no-clang was not found/));
    await expect(check(clang)).rejects.toThrow(failure("tool-missing", /no-clang was not found/));
  });

  it("may lack its llc", async () => {
    const llcName = join(folder, "no-llc");
    await expect(compile({ llcName })).rejects.toThrow(failure("tool-missing", /no-llc was not found/));
  });

  it("may be too old", async () => {
    const tools = { version: "13.0.1", llcVersion: "LLVM version 13.0.1" };
    await expect(compile(tools)).rejects.toThrow(failure("tool-missing", /version 13\.0\.1 is too old/));
  });

  it("may be of another version than llc", async () => {
    await expect(compile({ llcVersion: "LLVM version 16.0.6" })).rejects.toThrow(
      failure("tool-missing", /is of version 14\.0\.6, .*llc is LLVM version 16\.0\.6/),
    );
  });

  it("may not work", async () => {
    const clang = join(folder, "broken");
    writeFileSync(clang, "#!/bin/sh\nexit 3\n");
    chmodSync(clang, 0o755);
    await expect(compile({}, { clang })).rejects.toThrow(failure("tool-missing", /does not work: status 3/));
  });
});

function check(clang: string) {
  return checkHeaders({
    tree: join(folder, "tree"),
    clang,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onWarning: (message) => warnings.push(message),
  });
}

describe("checking headers", () => {
  it("tells for each header whether it compiles, and the first error of those that do not", async () => {
    const clangBody = `if grep -q net/; then
      echo "In file included from <stdin>:1:" >&2
      echo "/t/net.h:7:3: error: first" >&2
      echo "/t/net.h:8:3: error: second" >&2
      exit 1
    fi`;
    const checks = await check(writeFakeClang(join(folder, "bin"), { clangBody }));
    const failing = checks.filter(({ error }) => error !== undefined);
    expect(failing.map(({ header }) => header)).toEqual(["net/sock.h", "net/inet_sock.h", "net/tcp.h"]);
    expect(failing[0]?.error).toBe("/t/net.h:7:3: error: first");
    const headers = checks.map(({ header }) => header);
    expect(headers).toEqual(expect.arrayContaining(["linux/sched.h", "linux/fs.h", "linux/blkdev.h"]));
  });

  it("counts what is done", async () => {
    const counts: string[] = [];
    const checks = await checkHeaders({
      tree: join(folder, "tree"),
      clang: writeFakeClang(join(folder, "bin"), { clangBody: "cat >/dev/null" }),
      signal: new AbortController().signal,
      onProgress: (done, total) => counts.push(`${done}/${total}`),
      onWarning: () => undefined,
    });
    expect(counts).toEqual(checks.map((_, index) => `${index + 1}/${checks.length}`));
  });

  it("takes a crash of the compiler for a header that does not compile", async () => {
    const clangBody = "cat >/dev/null; exit 139";
    const [first] = await check(writeFakeClang(join(folder, "bin"), { clangBody }));
    expect(first?.error).toBe("clang ended with status 139");
  });
});

describe("a real clang", () => {
  const missing = ["clang", "llvm-objdump"].find((name) => findProgram(name) === undefined);
  if (missing !== undefined) return skipBecause(`no ${missing}`, "programs that clang compiles");

  const sample = "include/linux/sample.h";
  const program = "#include <linux/sample.h>\nint program(struct sample *sample) { return sample->after; }\n";

  /** Compiles a program that includes a header, with a compiler that says nothing. */
  async function make(header: string, options: Parameters<typeof writeTree>[1] = {}): Promise<string> {
    const tree = mkdtempSync(join(folder, "tree-"));
    writeTree(tree, { ...options, files: { [sample]: header, ...options.files } });
    writeFileSync(join(folder, "prog.c"), program);
    const { path: output } = await compile({}, { tree, clang: "clang" });
    expect(said).toBe("");
    return execFileSync("llvm-objdump", ["-d", output], { encoding: "utf8" });
  }

  it("embeds tagged structures without a name, as kernels from 6.19 on have them", async () => {
    const header = "struct head { long one, two; };\nstruct sample { struct head; int after; };\n";
    for (const release of ["6.19.0", "6.6.1-vendor"])
      expect(await make(header, { release })).toContain("*(u32 *)(r1 + 16)");
  });

  it("packs what the kernel packs, also in a header that does not include what says how", async () => {
    const header = "struct sample { char one; int after; } __packed;\n";
    const types = { "include/linux/compiler_types.h": "#define __packed __attribute__((__packed__))\n" };
    // Byte by byte, from offset 1 on.
    expect(await make(header, { files: types })).toContain("*(u8 *)(r1 + 1)");
  });

  it("takes a char for unsigned where the kernel does", async () => {
    const header = 'struct sample { int after; };\n_Static_assert((char)-1 < 0, "char is signed");\n';
    await make(header, { arch: "x86", release: "6.1.57" });
    const unsigned = header.replace("< 0", "> 0");
    await make(unsigned, { arch: "x86", release: "6.2.0" });
  });

  it("says nothing of headers that GCC compiled", async () => {
    const header = `extern int cpu_number;
__attribute__((nocf_check)) extern void entry(void);
static inline int number(void)
{
	return *(__seg_gs __typeof__(*(__typeof__(cpu_number) __seg_gs *)&cpu_number) *)(unsigned long)&cpu_number;
}
struct sample { int after; };
`;
    await make(header, { arch: "x86" });
  });
});

describe("the headers of libbpf", () => {
  const missing = ["clang", "llvm-objdump"].find((name) => findProgram(name) === undefined);
  if (missing !== undefined) return skipBecause(`no ${missing}`, "programs that include libbpf's headers");

  /** What of the kernel they expect. */
  const kernel = {
    "include/linux/types.h": "typedef unsigned long long u64;\ntypedef unsigned int __u32;\n",
    "include/linux/kernel.h": "",
    "include/uapi/linux/bpf.h": "",
    "arch/arm64/include/asm/ptrace.h": "",
    "include/linux/sched.h": "struct task_struct { char comm[16]; int pid; };\n",
  };
  const version = (major: number, minor: number) => ({
    "include/linux/version.h": `#define LINUX_VERSION_CODE ${major * 65536 + minor * 256}
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n`,
  });

  /** Compiles a program, with a libbpf that lies in a folder of the user's own. */
  async function build(
    program: string,
    libbpf: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>> = version(6, 1),
  ): Promise<string> {
    writeTree(join(folder, "tree"), { files: { ...kernel, ...files } });
    writeFileSync(join(folder, "prog.c"), program);
    mkdirSync(join(folder, "own/bpf"), { recursive: true });
    for (const [name, text] of Object.entries(libbpf)) writeFileSync(join(folder, "own/bpf", name), text);
    const { path: output } = await compile(
      {},
      { clang: "clang", flags: ["-Werror", `-I${join(folder, "own")}`] },
    );
    return execFileSync("llvm-objdump", ["-d", output], { encoding: "utf8" });
  }

  it("are those of the folder that the user names", async () => {
    const program = "#include <bpf/bpf_helpers.h>\n__u32 program(void) { return OWN; }\n";
    expect(await build(program, { "bpf_helpers.h": "#define OWN 4711\n" })).toContain("r0 = 4711");
  });

  it("read a field where the kernel's headers have it, with no relocation", async () => {
    const program = `#include <linux/sched.h>
#include <bpf/bpf_core_read.h>
int program(struct task_struct *task) { return *(int *)__builtin_preserve_access_index(&task->pid); }
`;
    expect(await build(program, { "bpf_core_read.h": "" })).toContain("*(u32 *)(r1 + 16)");
  });

  it("say that other relocations do not work", async () => {
    const program = `#include <linux/sched.h>
#include <bpf/bpf_core_read.h>
int program(struct task_struct *task) { return __builtin_preserve_field_info(task->pid, 2); }
`;
    await expect(build(program, { "bpf_core_read.h": "" })).rejects.toThrow(failure("compile-failed", /./));
    expect(said).toContain("CO-RE does not work with kernel headers");
  });

  it.each(["first", "last"])("mean their own helpers, also if an old kernel's come %s", async (when) => {
    const lines = ["#include <linux/bpf.h>", "#include <bpf/bpf_helpers.h>"];
    if (when === "last") lines.reverse();
    const declared = {
      "include/linux/bpf.h":
        "#pragma once\n#include <linux/types.h>\nu64 bpf_get_stackid(u64 r1, u64 r2, u64 r3);\n",
    };
    const helpers = "static long (*bpf_get_stackid)(void *context) = (void *)27;\n";
    const program = `${lines.join("\n")}\nlong program(void *context) { return bpf_get_stackid(context); }\n`;
    const code = await build(program, { "bpf_helpers.h": helpers }, { ...version(5, 4), ...declared });
    expect(code).toContain("call 27");
  });

  it("name what to install if they are nowhere", async () => {
    const own = new URL("../../../host/build/include/bpf/", import.meta.url);
    const texts = readdirSync(own).map((name) => [name, readFileSync(new URL(name, own), "utf8")] as const);
    const elsewhere = texts.map(([name, text]) => [name, text.replaceAll('"/usr/', '"/nowhere/')] as const);
    const failed = build("#include <bpf/bpf_helpers.h>\n", Object.fromEntries(elsewhere));
    await expect(failed).rejects.toThrow(failure("compile-failed", /./));
    expect(said).toMatch(
      /<bpf\/bpf_helpers\.h> is part of libbpf: install it \(Debian: apt install libbpf-dev\)/,
    );
  });
});
