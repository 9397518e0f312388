import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import { labKernel } from "../support/lab-kernel.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const program = fileURLToPath(new URL("programs/tcp_connect.c", import.meta.url));
/** Includes nothing, and so only compiles with a precompiled header. */
const bare = "unsigned long size(void); unsigned long size(void) { return sizeof(struct task_struct); }\n";

let host: Workstation;
let tree: string;
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
  folder = host.folder(`pch-${folders}`);
});

/** Makes a precompiled header, and gives what it says of it. */
async function pch(...args: readonly string[]): Promise<{ path: string; flags: string[]; cache: string }> {
  const { status, stdout, stderr } = await host.kheaders(["pch", "--json", ...args]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

/** Compiles a source as a shell does that reads the flags. Warnings are errors. */
async function compile(source: string, flags: string, ...kind: readonly string[]): Promise<void> {
  const { stdout } = await host.kheaders(["cflags", ...(kind.length > 0 ? kind : ["--bpf"])]);
  const command = `eval "clang $1 $2 -Werror -c -emit-llvm -o '$3' '$4'"`;
  await run("sh", ["-c", command, "sh", stdout.trimEnd(), flags, join(folder, "out.bc"), source]);
}

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What is kept beside the tree. */
function kept(): string[] {
  const extras = join(host.cache, "extras", basename(tree));
  return existsSync(extras) ? readdirSync(extras) : [];
}

if (findProgram("clang") === undefined) {
  skipBecause("there is no clang", "headers of a kernel are precompiled");
} else {
  describe("`pch`", () => {
    it("prints the flag with which a program compiles, one that includes the same and one that includes nothing", async () => {
      const { status, stdout, stderr } = await host.kheaders(["pch", "--bpf", "linux/sched.h", "net/sock.h"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/^-include-pch \/\S+\.pch\n$/);
      await compile(program, stdout.trimEnd());
      await compile(write("bare.c", bare), stdout.trimEnd());
      await expect(compile(write("bare.c", bare), "")).rejects.toThrow(/struct task_struct/);
    });

    it("is used by `bpf`", async () => {
      const { flags } = await pch("--bpf", "linux/sched.h", "net/sock.h");
      const object = join(folder, "prog.o");
      const source = write("bare.c", bare);
      expect(await host.kheaders(["bpf", source, "-o", object, "--", ...flags])).toMatchObject({
        status: 0,
        stderr: "",
      });
    });

    it("makes it once for the same headers and flags, and another one for others", async () => {
      const first = await pch("--bpf", "linux/fs.h");
      const { mtimeMs } = statSync(first.path);
      expect(await pch("--bpf", "linux/fs.h", "--tree", tree)).toEqual({ ...first, cache: "hit" });
      expect(statSync(first.path).mtimeMs).toBe(mtimeMs);
      const others = [
        await pch("--bpf", "linux/fs.h", "linux/bio.h"),
        await pch("--bpf", "linux/bio.h", "linux/fs.h"),
        await pch("--bpf", "linux/fs.h", "--", "-DDEBUG"),
        await pch("--kernel", "linux/fs.h"),
      ];
      expect(others.map(({ cache }) => cache)).toEqual(Array(4).fill("miss"));
      expect(new Set([first, ...others].map(({ path }) => path)).size).toBe(5);
      for (const { path } of [first, ...others]) expect(existsSync(path)).toBe(true);
      await compile(write("bare.c", bare), `-DDEBUG ${others[2]?.flags.join(" ")}`);
    });

    it("takes the headers that tracers use where none is named, for the kernel's own code, too", async () => {
      const { flags } = await pch("--kernel");
      await compile(
        write(
          "tcp.c",
          `${bare}int port(struct tcp_sock *s); int port(struct tcp_sock *s) { return s->inet_conn.icsk_inet.inet_sport; }`,
        ),
        flags.join(" "),
        "--kernel",
      );
    });

    it("makes it anew when a header that is none of the tree's has changed", async () => {
      const own = write("own.h", "#define OWN 1\n");
      const args = ["--bpf", "linux/sched.h", "own.h", "--", `-I${folder}`];
      const first = await pch(...args);
      expect((await pch(...args)).cache).toBe("hit");
      writeFileSync(own, "#define OWN 2\n");
      utimesSync(own, 1, 1);
      expect(await pch(...args)).toMatchObject({ cache: "miss", path: first.path });
      const source = write("own.c", `${bare}_Static_assert(OWN == 2, "");\n`);
      await compile(source, `-I${folder} ${first.flags.join(" ")}`);
    });

    it("ends with status 1 and keeps nothing where a header is missing, and says what clang says", async () => {
      const before = kept();
      const outcome = await host.kheaders(["pch", "--bpf", "linux/no_such.h", "--json"]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/'linux\/no_such\.h' file not found/);
      expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: "compile-failed" } });
      expect(kept()).toEqual(before);
    });

    it("writes a file for a tree that is not the cache's, and nothing into that tree", async () => {
      const copy = join(folder, "copy");
      await host.kheaders(["pull", "-o", copy]);
      const refused = await host.kheaders(["pch", "--bpf", "linux/sched.h", "--tree", copy]);
      expect(refused).toMatchObject({
        status: 2,
        stdout: "",
        stderr: expect.stringMatching(/Name a file with -o/),
      });
      const output = join(folder, "sched.pch");
      const made = await pch("--bpf", "linux/sched.h", "--tree", copy, "-o", output);
      expect(made).toMatchObject({ path: output, cache: "miss" });
      await compile(write("bare.c", bare), made.flags.join(" "), "--bpf", copy);
      expect(readdirSync(copy).sort()).toEqual(readdirSync(tree).sort());
    });

    it("ends with status 2 unless it is told what for, and where clang is missing", async () => {
      const vague = await host.kheaders(["pch", "linux/sched.h"]);
      expect(vague).toMatchObject({
        status: 2,
        stdout: "",
        stderr: expect.stringContaining("--bpf or --kernel"),
      });
      const missing = await host.kheaders(["pch", "--bpf", "--clang", "no-clang"]);
      expect(missing).toMatchObject({
        status: 2,
        stdout: "",
        stderr: expect.stringMatching(/no-clang was not found/),
      });
    });

    it("is gone with its tree", async () => {
      const { path } = await pch("--bpf", "linux/fs.h");
      const { stdout } = await host.kheaders(["cache", "info", "--json"]);
      expect(JSON.parse(stdout).bytes).toBeGreaterThan(statSync(path).size);
      expect((await host.kheaders(["cache", "rm", basename(tree)])).status).toBe(0);
      expect(kept()).toEqual([]);
    });
  });
}
