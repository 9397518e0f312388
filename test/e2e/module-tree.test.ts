import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import { procModule } from "../lab/index.js";
import { labKernel } from "../support/lab-kernel.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { listTree } from "../support/tree-listing.js";
import { Workstation } from "../support/workstation.js";

const hello = fileURLToPath(new URL("../../docs/examples/hello", import.meta.url));

let host: Workstation;
/** The cached tree of an archive as the original patch makes it. */
let tree: string;

beforeAll(async () => {
  host = await Workstation.open();
  const { release } = await labKernel();
  await host.simulate({ archive: (await procModule()).archive, release, config: undefined });
  const { status, stdout, stderr } = await host.kheaders(["pull"]);
  expect(status, stderr).toBe(0);
  tree = stdout.trimEnd();
});
afterAll(() => host.close());

describe("`info` of a tree that builds modules", () => {
  it("tells the machine of its build tools, and warns that modules get no symbol versions", async () => {
    const { status, stdout, stderr } = await host.kheaders(["info"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^flavour: {7}headers and what builds modules$/m);
    expect(stdout).toMatch(/^build tools: {3}x86_64$/m);
    expect(stderr).toMatch(/^kheaders: warning: .*no symbol version for module_layout.*kheaders module/);
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});

describe("`env` of a tree that builds modules", () => {
  it("builds a module with make, by an ordinary user, and leaves the tree as it was", async () => {
    const folder = host.folder("hello");
    cpSync(hello, folder, { recursive: true });
    const before = listTree(tree);
    const { stdout } = await host.kheaders(["env", tree]);
    const script = `${stdout}exec make -C "$KDIR" M="$PWD" modules`;
    const made = await host.kheaders([], { before: ["sh", "-c", script], cwd: folder });
    expect(made.status, made.stdout + made.stderr).toBe(0);
    expect(existsSync(join(folder, "hello.ko"))).toBe(true);
    expect(listTree(tree)).toEqual(before);
  });
});

if (findProgram("clang") === undefined) {
  skipBecause("there is no clang", "code compiles against a tree that builds modules");
} else {
  describe("`cflags` of a tree that builds modules", () => {
    it.each(["--bpf", "--kernel"])("compiles with %s", async (purpose) => {
      const folder = host.folder(`cflags${purpose}`);
      const source = join(folder, "pid.c");
      writeFileSync(
        source,
        "#include <linux/sched.h>\n#include <net/sock.h>\nint pid(void);\nint pid(void) { return current->pid; }\n",
      );
      const flags: unknown = JSON.parse((await host.kheaders(["cflags", purpose, "--json"])).stdout);
      if (!Array.isArray(flags)) throw new Error("no array");
      await run("clang", [
        ...flags.map(String),
        "-Werror",
        "-c",
        "-emit-llvm",
        "-o",
        join(folder, "pid.bc"),
        source,
      ]);
      expect(existsSync(join(folder, "pid.bc"))).toBe(true);
    });
  });
}
