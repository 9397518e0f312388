import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualDevice } from "../lab/index.js";
import { elfHeader, elfMachines } from "../support/elf-header.js";
import { emulated } from "../support/emulated.js";
import { writeTree } from "../support/kernel-tree.js";
import { programPath } from "../support/kheaders.js";
import { moduleBytes } from "../support/module-builder.js";
import { Workstation } from "../support/workstation.js";

let host: Workstation;
let folders = 0;

beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

/** A folder with the given files, where the command may write. */
function folderWith(files: Readonly<Record<string, string>>, name = `folder-${folders++}`): string {
  const folder = host.folder(name);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

/** The folder of a module that logs `text` as it is loaded, after `statement`. */
function helloFolder(text: string, statement = ""): string {
  const source = `#include <linux/module.h>
#include <linux/mm.h>
static int __init hello_init(void)
{
	${statement}
	pr_info("${text}\\n");
	return 0;
}
static void __exit hello_exit(void) {}
module_init(hello_init);
module_exit(hello_exit);
MODULE_DESCRIPTION("Says hello");
MODULE_LICENSE("GPL");
`;
  return folderWith({ Kbuild: "obj-m := hello.o\n", "hello.c": source });
}

describe("a module for a device with the original patch's archive", emulated, () => {
  let device: VirtualDevice;

  beforeAll(async () => {
    device = await host.boot({ flavour: "proc" });
  });

  /** Loads a module, takes it out if it was loaded, and gives the status with what the kernel said. */
  async function load(path: string, name = "hello"): Promise<{ status: number; log: string }> {
    const target = "/data/local/tmp/hello.ko";
    await host.adb.adb("-s", device.serial, "push", path, target);
    const script = `dmesg -c >/dev/null; insmod ${target} 2>&1; echo status=$?; rmmod ${name} 2>/dev/null; dmesg`;
    const log = await host.shell(device, script);
    return { status: Number(/^status=(\d+)$/m.exec(log)?.[1]), log };
  }

  const module = (...args: string[]) => host.kheaders(["-s", device.serial, "module", ...args]);

  it("is built, loaded with no forcing, and says hello", async () => {
    const folder = helloFolder("hello from kheaders");
    const built = await module(folder);
    expect(built).toMatchObject({ status: 0, stdout: `${join(folder, "hello.ko")}\n` });
    expect(built.stderr).not.toContain("warning: hello.ko");
    const { status, log } = await load(join(folder, "hello.ko"));
    expect(log).toContain("hello from kheaders");
    expect(log).not.toMatch(/no symbol version|disagrees about version/);
    expect(status).toBe(0);
  });

  it("is built again where it was built, and leaves the cached tree as it was", async () => {
    const folder = helloFolder("again");
    expect((await module(folder)).status).toBe(0);
    writeFileSync(
      join(folder, "hello.c"),
      readFileSync(join(folder, "hello.c"), "utf8").replace("again", "changed"),
    );
    const again = await module(folder, "--json", "--", "-s");
    expect(again.status).toBe(0);
    expect(again.stderr).not.toContain("Copying");
    const result = JSON.parse(again.stdout);
    expect(result).toMatchObject({ modules: [{ path: join(folder, "hello.ko"), unknownSymbols: [] }] });
    expect((await load(join(folder, "hello.ko"))).log).toContain("changed");
    const tree = (await host.kheaders(["-s", device.serial, "pull"])).stdout.trimEnd();
    expect(result.kernelFolder).not.toBe(tree);
    expect(existsSync(join(tree, "Module.symvers"))).toBe(false);
    expect(await host.kheaders(["cache", "verify"])).toMatchObject({ status: 0 });
  });

  it("is built without the device, from the cache", async () => {
    const { digest } = JSON.parse((await host.kheaders(["-s", device.serial, "pull", "--json"])).stdout);
    const folder = helloFolder("offline");
    const built = await host.kheaders(["module", folder, "--tree", digest.slice(0, 12)]);
    expect(built).toMatchObject({ status: 0, stdout: `${join(folder, "hello.ko")}\n` });
    expect((await load(join(folder, "hello.ko"))).status).toBe(0);
  });

  it("is warned of where it has no symbol versions, and refused by the kernel", async () => {
    const copy = join(host.root, "home", "copied-tree");
    expect((await host.kheaders(["-s", device.serial, "pull", "-o", copy])).status).toBe(0);
    const folder = helloFolder("unversioned");
    const built = await host.kheaders(["module", folder, "--tree", copy]);
    expect(built.status).toBe(0);
    expect(built.stderr).toMatch(
      /warning: the tree has no Module.symvers.*no symbol version for module_layout/,
    );
    const { status, log } = await load(join(folder, "hello.ko"));
    expect(status).not.toBe(0);
    expect(log).toContain("no symbol version for module_layout");
    const versions = join(copy, "Module.symvers");
    expect((await host.kheaders(["-s", device.serial, "symvers", "-o", versions])).status).toBe(0);
    const mended = await host.kheaders(["module", folder, "--tree", copy]);
    expect(mended.stderr).not.toContain("kheaders: warning");
    expect((await load(join(folder, "hello.ko"))).status).toBe(0);
  });

  it("that needs a symbol which nobody imports has it named", async () => {
    const folder = helloFolder("memory", "struct sysinfo info; si_meminfo(&info);");
    const built = await module(folder, "--json");
    expect(built.status).toBe(0);
    expect(JSON.parse(built.stdout).modules).toEqual([
      { path: join(folder, "hello.ko"), unknownSymbols: ["si_meminfo"] },
    ]);
    expect(built.stderr).toMatch(
      /warning: hello.ko needs symbols that no module on the device imports.*: si_meminfo\./,
    );
    expect((await load(join(folder, "hello.ko"))).log).toContain("no symbol version for si_meminfo");
  });

  it("that does not compile ends with status 1, and what the compiler says is passed on", async () => {
    const folder = helloFolder("wrong", "no_such_thing();");
    const { status, stdout, stderr } = await module(folder);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/hello\.c:\d+:\d+: error: .*no_such_thing/);
    expect(stderr).toContain("does not build: make ended with status 2");
  });

  it("is known to fit or not, as the kernel itself says, for 12 modules of which half do not", async () => {
    const built = join(helloFolder("checked"), "hello.ko");
    expect((await module(join(built, ".."))).status).toBe(0);
    const folder = folderWith({});
    const original = readFileSync(built);
    const doctored = (name: string, change: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(original);
      change(bytes);
      writeFileSync(join(folder, `${name}.ko`), bytes);
    };
    const replace = (bytes: Buffer, from: string, to: string) => {
      const at = bytes.indexOf(from);
      expect(at, `the module has ${from}`).toBeGreaterThan(0);
      bytes.write(to, at, "latin1");
    };
    /** A symbol's version lies before its name (`struct modversion_info`). */
    const changeVersion = (bytes: Buffer, symbol: string) => {
      const at = bytes.indexOf(`${symbol}\0\0`) - 8;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    };
    doctored("same", () => undefined);
    doctored("other-release", (bytes) => replace(bytes, "vermagic=6.1.0", "vermagic=6.1.9"));
    doctored("other-layout", (bytes) => changeVersion(bytes, "module_layout"));
    doctored("other-print", (bytes) => changeVersion(bytes, "_printk"));
    doctored("other-flags", (bytes) => replace(bytes, "mod_unload", "mod_reload"));
    doctored("other-machine", (bytes) => bytes.writeUInt16LE(elfMachines.aarch64, 18));
    doctored("unversioned", (bytes) => replace(bytes, "_printk\0\0", "_prontk\0\0"));
    doctored("several", (bytes) => {
      changeVersion(bytes, "module_layout");
      replace(bytes, " SMP ", " UP  ");
    });
    // Tables of characters need no hardware and no other module.
    const tables = (await host.shell(device, "ls /vendor/lib/modules/nls_*.ko"))
      .trim()
      .split("\n")
      .slice(0, 4);
    for (const table of tables) await host.adb.adb("-s", device.serial, "pull", table, folder);

    const checked = await host.kheaders(["-s", device.serial, "check-module", folder, "--json"]);
    expect(checked.status).toBe(1);
    const results = checked.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(results).toHaveLength(12);
    const said = new Map<string, string>();
    const loaded = new Map<string, string>();
    for (const { file, fits } of results) {
      said.set(basename(file), fits);
      const name = basename(file, ".ko");
      const { status } = await load(file, name.startsWith("nls_") ? name : "hello");
      loaded.set(basename(file), status === 0 ? "yes" : "no");
    }
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(loaded));
    expect([...said.values()].filter((fits) => fits === "no")).toHaveLength(6);
    const alone = await host.kheaders(["-s", device.serial, "check-module", built]);
    const release = (await host.shell(device, "uname -r")).trim();
    expect(alone).toMatchObject({ status: 0, stdout: `${built} fits ${release}\n` });
  });

  it("is built with the versions of what is loaded, where another module of the release contradicts it", async () => {
    const doctored = join(folderWith({}), "doctored.ko");
    const vermagic = `vermagic=${(await host.shell(device, "uname -r")).trim()} SMP mod_unload`;
    writeFileSync(doctored, moduleBytes({ modinfo: [vermagic], versions: { module_layout: 0xbadbad } }));
    await host.adb.adb("-s", device.serial, "push", doctored, "/vendor/lib/modules/doctored.ko");
    const { status, stdout, stderr } = await host.kheaders(["-s", device.serial, "symvers", "--refresh"]);
    await host.shell(device, "rm /vendor/lib/modules/doctored.ko");
    expect(status).toBe(0);
    expect(stderr).toContain("left out /vendor/lib/modules/doctored.ko: it was built for another kernel");
    expect(readFileSync(stdout.trimEnd(), "utf8")).not.toContain("0x00badbad");
  });
});

describe("a module for a device whose modules only root may read", emulated, () => {
  let device: VirtualDevice;

  beforeAll(async () => {
    device = await host.boot({
      flavour: "proc",
      user: "shell",
      restricted: true,
      su: "magisk",
      fingerprint: "lab/closed-modules",
    });
  });

  it("is built with the symbol versions that su lets it read", async () => {
    // A second try must not find the versions that the first has cached.
    const cache = join(host.folder(`cache-${folders++}`), "cache");
    const kheaders = (...args: string[]) =>
      host.kheaders(["-s", device.serial, "--cache-dir", cache, ...args]);
    expect((await kheaders("pull")).status).toBe(0);
    const closed = await kheaders("symvers", "--no-su");
    expect(closed.status).toBe(5);
    expect(closed.stderr).toMatch(/\/vendor\/lib\/modules can only be listed as root/);
    const all = await kheaders("symvers", "--json");
    expect(all.status).toBe(0);
    expect(all.stderr).toContain("Asking su for root");
    expect(JSON.parse(all.stdout).modules).toBeGreaterThan(100);
    const built = await kheaders("module", helloFolder("root"));
    expect(built.status).toBe(0);
    expect(built.stderr).not.toContain("kheaders: warning");
  });
});

describe("`module` without a device", () => {
  const makefile =
    'modules:\n\t@echo "variables: $(ARCH) $(LLVM) $(EXTRA)" >&2\n\t@touch $(M)/x.ko\n\t@echo $(M)/x.o >$(M)/modules.order\n';

  /** A tree that builds what its Makefile says. */
  function treeWith(
    options: { macros?: readonly string[]; fixdep?: Buffer; makefile?: string } = {},
  ): string {
    const tree = writeTree(folderWith({}), {
      arch: "x86",
      macros: ["CONFIG_64BIT 1", ...(options.macros ?? [])],
      files: {
        Makefile: options.makefile ?? makefile,
        "scripts/Makefile.build": "",
        "arch/x86/Makefile": "",
      },
    });
    mkdirSync(join(tree, "scripts/basic"), { recursive: true });
    const fixdep = join(tree, "scripts/basic/fixdep");
    writeFileSync(fixdep, options.fixdep ?? readFileSync(programPath("true")));
    chmodSync(fixdep, 0o755);
    return tree;
  }

  const module = (dir: string, tree: string, ...args: string[]) =>
    host.kheaders(["module", dir, "--tree", tree, "--json", ...args]);

  it("gives make the architecture and the user's arguments, and its output to standard error", async () => {
    const dir = folderWith({ Kbuild: "obj-m := x.o\n" });
    const { status, stdout, stderr } = await module(dir, treeWith(), "--", "EXTRA=more");
    expect(status).toBe(0);
    expect(stderr).toContain("variables: x86  more");
    expect(JSON.parse(stdout)).toMatchObject({ modules: [{ path: join(dir, "x.ko") }], symvers: null });
  });

  it.each([
    {
      what: "headers alone",
      tree: () => writeTree(folderWith({})),
      status: 2,
      said: "come without a build system",
    },
    {
      what: "build tools of another machine",
      tree: () => treeWith({ fixdep: elfHeader(elfMachines.ppc64) }),
      status: 2,
      said: "were made for ppc64le and do not run on this workstation",
    },
    {
      what: "no built tools",
      tree: () => treeWith({ fixdep: Buffer.from("#!/bin/sh\n") }),
      status: 2,
      said: "no built programs",
    },
    {
      what: "a build that fails",
      tree: () => treeWith({ makefile: "modules:\n\texit 7\n" }),
      status: 1,
      said: "make ended with status 2",
    },
    {
      what: "no folder of that name, and no digest",
      tree: () => "deadbeef",
      status: 3,
      said: "neither a folder nor a digest",
    },
  ])("explains $what", async ({ tree, status, said }) => {
    const ended = await module(folderWith({ Makefile: "" }), tree());
    expect(ended.status).toBe(status);
    expect(JSON.parse(ended.stdout).error.message).toContain(said);
  });

  it("explains a folder that is none of a module, or has a space in its path", async () => {
    const tree = treeWith();
    const empty = await module(folderWith({}), tree);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toContain("has no Kbuild or Makefile");
    const spaced = await module(folderWith({ Kbuild: "" }, "my module"), tree);
    expect(spaced.status).toBe(2);
    expect(spaced.stderr).toContain("has a space in its path: ");
  });

  it("says what is missing: the compiler, or make", async () => {
    const dir = folderWith({ Kbuild: "" });
    const bin = folderWith({}, "bin");
    const env = { PATH: bin };
    const withoutCompiler = await host.kheaders(["module", dir, "--tree", treeWith()], { env });
    expect(withoutCompiler.status).toBe(2);
    expect(withoutCompiler.stderr).toContain("gcc was not found");
    symlinkSync(programPath("true"), join(bin, "clang"));
    const llvm = treeWith({ macros: ["CONFIG_CC_IS_CLANG 1"] });
    const withoutMake = await host.kheaders(["module", dir, "--tree", llvm], { env });
    expect(withoutMake.status).toBe(2);
    expect(withoutMake.stderr).toContain("make was not found");
    expect(withoutMake.stderr).toContain("apt install make");
  });

  it("ends what make started when it is interrupted", async () => {
    const dir = folderWith({ Kbuild: "" });
    const tree = treeWith({ makefile: "modules:\n\t@echo begun; sleep 600\n" });
    const running = host.start(["module", dir, "--tree", tree]);
    await running.says(/begun/);
    running.signal("SIGINT");
    expect((await running.ended).status).toBe(130);
  });
});
