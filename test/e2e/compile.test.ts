import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import { writeTree } from "../support/kernel-tree.js";
import type { Outcome } from "../support/kheaders.js";
import { labKernel } from "../support/lab-kernel.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const programs = fileURLToPath(new URL("programs", import.meta.url));

let host: Workstation;
/** The tree of the virtual kernel, in the cache. */
let tree: string;
/** A folder of a test's own that the command may write. */
let folder: string;
let folders = 0;

beforeAll(async () => {
  host = await Workstation.open();
  const { archive, release } = await labKernel();
  await host.simulate({ archive, release, config: undefined });
  const { status, stdout, stderr } = await host.kheaders(["pull"]);
  expect(status, stderr).toBe(0);
  tree = stdout.trimEnd();
});
afterAll(() => host.close());
beforeEach(() => {
  folders += 1;
  folder = host.folder(`compile-${folders}`);
});

/** What readelf says of an object. */
function readelf(...args: readonly string[]): Promise<string> {
  return run("readelf", ["--wide", ...args]);
}

/** A section's bytes. */
async function section(object: string, name: string): Promise<Buffer> {
  const dump = await readelf(`--hex-dump=${name}`, object);
  const words = Array.from(dump.matchAll(/^ {2}0x\w+ ((?:[0-9a-f]+ ){1,4})/gm), ([, hex = ""]) => hex);
  return Buffer.from(words.join("").replaceAll(" ", ""), "hex");
}

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What is said in each line of JSON. */
function jsonLines({ stdout }: Outcome): unknown[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

if (findProgram("clang") === undefined || findProgram("llc") === undefined) {
  skipBecause("there is no clang, or no llc", "programs compile against the headers of a kernel");
} else {
  describe("`bpf`", () => {
    it("reads a field where the kernel has it", async () => {
      const source = write(
        "offset.c",
        `#include <linux/sched.h>
        __attribute__((section("program"), used)) int read_pid(struct task_struct *task) { return task->pid; }
        __attribute__((section("wanted"), used)) unsigned short wanted_offset = offsetof(struct task_struct, pid);
        `,
      );
      const object = join(folder, "offset.o");
      expect((await host.kheaders(["bpf", source, "-o", object])).status).toBe(0);
      // The first instruction loads: operation, registers, then 16 bits of offset (Linux Documentation/bpf).
      const offset = (await section(object, "program")).readUInt16LE(2);
      expect(offset).toBeGreaterThan(0);
      expect(offset).toBe((await section(object, "wanted")).readUInt16LE(0));
    });

    it("makes no vectors of a loop, which eBPF does not have", async () => {
      const loop = (count: number) =>
        `__attribute__((section("program"), used)) void add(int *to, const int *what)
        { for (int i = 0; i < ${count}; i++) to[i] += what[i]; }\n`;
      const object = join(folder, "loop.o");
      const source = write("loop.c", `#include <linux/types.h>\n${loop(4096)}`);
      expect((await host.kheaders(["bpf", source, "-o", object])).status).toBe(0);
      expect((await section(object, "program")).length / 8).toBeLessThan(64);
    });

    it("takes a tree by its folder or digest, and says with --json what it made", async () => {
      const source = join(programs, "kprobe_open.c");
      for (const named of [tree, basename(tree).slice(0, 12)]) {
        const object = join(folder, "prog.o");
        const outcome = await host.kheaders(["bpf", source, "-o", object, "--tree", named, "--json"]);
        expect(jsonLines(outcome)).toEqual([
          { path: object, bytes: statSync(object).size, tree, release: (await labKernel()).release },
        ]);
      }
    });

    it("ends with status 1 and no object for a program that is wrong, and says what clang says", async () => {
      const source = write("wrong.c", "#include <linux/sched.h>\nint x = undeclared;\n");
      const object = join(folder, "wrong.o");
      const outcome = await host.kheaders(["bpf", source, "-o", object, "--json"]);
      expect(outcome).toMatchObject({ status: 1, stderr: expect.stringMatching(/wrong\.c:2:9: error: /) });
      expect(jsonLines(outcome)).toMatchObject([{ error: { code: "compile-failed" } }]);
      expect(readdirSync(folder)).toEqual(["wrong.c"]);
    });

    it("ends with status 2 where clang is missing, and says what to install", async () => {
      const args = ["bpf", join(programs, "kprobe_open.c"), "-o", join(folder, "o"), "--clang", "no-clang"];
      const outcome = await host.kheaders(args);
      expect(outcome).toMatchObject({ status: 2, stdout: "" });
      expect(outcome.stderr).toMatch(/no-clang was not found.*\n {2}Install clang/);
    });
  });

  describe("`check`", () => {
    it("ends with status 1 where one does not, and says why", async () => {
      const few = writeTree(host.folder("few-headers"), {
        arch: "x86",
        files: {
          "include/linux/sched.h": "struct task_struct { int pid; };\n",
          "include/linux/tcp.h": "#error broken\n",
          "include/net/tcp.h": "#include <linux/tcp.h>\nstruct tcp_sock { int port; };\n",
        },
      });
      const outcome = await host.kheaders(["check", few, "--json"]);
      expect(outcome.status).toBe(1);
      const checks = jsonLines(outcome);
      expect(checks).toContainEqual({ header: "linux/sched.h", error: null });
      const error = (text: RegExp) => ({
        code: "compile-failed",
        message: expect.stringMatching(text),
        hint: null,
      });
      expect(checks).toContainEqual({
        header: "net/tcp.h",
        error: error(/include\/linux\/tcp\.h:1:2: error: broken$/),
      });
      expect(checks).toContainEqual({ header: "linux/fs.h", error: error(/'linux\/fs\.h' file not found/) });
    });
  });

  describe("`cflags`, for a tree whose path has a space,", () => {
    let spaced: string;

    beforeAll(async () => {
      spaced = join(host.folder("with a space"), "it's a tree");
      expect((await host.kheaders(["pull", "-o", spaced])).status).toBe(0);
    });

    async function cflags(...args: readonly string[]): Promise<string> {
      const { status, stdout, stderr } = await host.kheaders(["cflags", spaced, ...args]);
      expect(status, stderr).toBe(0);
      return stdout;
    }

    const compile = "-Werror -c -emit-llvm";
    const source = join(programs, "kprobe_open.c");

    it("serves a shell", async () => {
      const command = `eval "clang $1 ${compile} -o '$2' '$3'"`;
      const object = join(folder, "shell.bc");
      await run("sh", ["-c", command, "sh", (await cflags("--bpf")).trimEnd(), object, source]);
      expect(existsSync(object)).toBe(true);
    });

    it("serves make", async () => {
      write("flags.mk", await cflags("--bpf", "--make"));
      const rule = `prog.bc:\n\tclang $(KHEADERS_CFLAGS) ${compile} -o $@ ${source}\n`;
      write("Makefile", `include flags.mk\n${rule}`);
      await run("make", ["-C", folder, "prog.bc"]);
      expect(existsSync(join(folder, "prog.bc"))).toBe(true);
    });

    if (findProgram("cmake") === undefined) {
      skipBecause("there is no cmake", "serves CMake");
    } else {
      it("serves CMake", async () => {
        write("flags.cmake", await cflags("--bpf", "--cmake"));
        write(
          "CMakeLists.txt",
          `cmake_minimum_required(VERSION 3.13)
          project(prog C)
          include(flags.cmake)
          add_library(prog OBJECT "${source}")
          target_compile_options(prog PRIVATE \${KHEADERS_CFLAGS} -Werror -emit-llvm)
          `,
        );
        const build = join(folder, "build");
        const generate = ["-S", folder, "-B", build, "-G", "Unix Makefiles", "-DCMAKE_C_COMPILER=clang"];
        await run("cmake", generate);
        await run("cmake", ["--build", build]);
        const made = readdirSync(build, { recursive: true }).map(String);
        expect(made.some((path) => path.endsWith("kprobe_open.c.o"))).toBe(true);
      });
    }

    it("serves clangd, which takes a flag a line", async () => {
      const flags = (await cflags("--bpf", "--compile-flags")).trimEnd().split("\n");
      await run("clang", [...flags, "-Werror", "-fsyntax-only", source]);
    });

    it("serves programs as JSON, and makes code for the kernel itself", async () => {
      const flags: unknown = JSON.parse(await cflags("--kernel", "--json"));
      if (!Array.isArray(flags)) throw new Error("no array");
      const kernelSource = write(
        "kernel.c",
        "#include <linux/sched.h>\nint own_pid(void);\nint own_pid(void) { return current->pid; }\n",
      );
      const object = join(folder, "kernel.o");
      await run("clang", [...flags.map(String), "-Werror", "-c", "-o", object, kernelSource]);
      expect(await readelf("--file-header", object)).toMatch(/X86-64/);
    });
  });
}
