import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { elfHeader, elfMachines } from "../support/elf-header.js";
import { writeTree } from "../support/kernel-tree.js";
import { Workstation } from "../support/workstation.js";

const macros = [
  "CONFIG_64BIT 1",
  "CONFIG_MODVERSIONS 1",
  "CONFIG_KPROBES_MODULE 1",
  "CONFIG_HZ 250",
  'CONFIG_CC_VERSION_TEXT "clang 14"',
];

let host: Workstation;
/** Trees with no device: each belongs to the command's user, and says only what it is of. */
let tree: string;
let spaced: string;

beforeAll(async () => {
  host = await Workstation.open();
  tree = writeTree(host.folder("tree"), { macros });
  spaced = writeTree(host.folder("it's $HOME"), { arch: "x86", macros });
});
afterAll(() => host.close());

describe("`info` of a folder", () => {
  it("says what the tree is of", async () => {
    const { status, stdout, stderr } = await host.kheaders(["info", tree]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(
      [
        `tree:          ${tree}`,
        "release:       6.1.57-android14-11",
        "architecture:  aarch64, 64 bits, little-endian",
        "flavour:       headers only",
        "compiler:      clang 14",
        "files:         4",
        "CONFIG_MODVERSIONS=y",
        "CONFIG_MODULE_SIG=n",
        "CONFIG_DEBUG_INFO_BTF=n",
        "CONFIG_BPF_SYSCALL=n",
        "CONFIG_KPROBES=m",
        "CONFIG_FTRACE=n",
        "CONFIG_SMP=n",
        "CONFIG_PREEMPT=n",
        "",
      ].join("\n"),
    );
  });

  it("says it with --json", async () => {
    const { stdout } = await host.kheaders(["info", tree, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      tree,
      release: "6.1.57-android14-11",
      machine: "aarch64",
      bits: 64,
      endianness: "little",
      flavour: "headers",
      compiler: "clang 14",
      files: 4,
      config: { CONFIG_MODVERSIONS: "y", CONFIG_KPROBES: "m", CONFIG_SMP: null },
    });
  });

  it("prints the configuration, sorted, with --config", async () => {
    const { stdout } = await host.kheaders(["info", tree, "--config"]);
    expect(stdout).toBe(
      'CONFIG_64BIT=y\nCONFIG_CC_VERSION_TEXT="clang 14"\nCONFIG_HZ=250\nCONFIG_KPROBES=m\nCONFIG_MODVERSIONS=y\n',
    );
  });

  it("warns of what stands in the way of building modules", async () => {
    const makefiles = { Makefile: "", "scripts/Makefile.build": "", "arch/riscv/Makefile": "" };
    const modules = writeTree(host.folder("modules"), { arch: "riscv", macros, files: makefiles });
    mkdirSync(join(modules, "scripts/mod"));
    writeFileSync(join(modules, "scripts/mod/modpost"), elfHeader(elfMachines.riscv));
    const { status, stdout, stderr } = await host.kheaders(["info", modules]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^flavour: {7}headers and what builds modules$/m);
    expect(stdout).toMatch(/^build tools: {3}riscv64$/m);
    const [tools, versions] = [
      /were made for riscv64 and do not run on/,
      /no symbol version for module_layout/,
    ];
    expect(stderr).toMatch(tools);
    expect(stderr).toMatch(versions);
    const quiet = await host.kheaders(["info", modules, "--json", "--quiet"]);
    expect(quiet.stderr).toBe("");
    expect(JSON.parse(quiet.stdout)).toMatchObject({
      flavour: "modules",
      buildTools: { machine: "riscv64", runHere: false },
      warnings: [expect.stringMatching(tools), expect.stringMatching(versions)],
    });
  });

  it("takes a relative path, too", async () => {
    const { stdout } = await host.kheaders(["info", "tree", "--json"], { cwd: host.root });
    expect(JSON.parse(stdout)).toMatchObject({ tree });
  });

  it("ends with status 2 for a folder that is no tree, 3 for what is neither folder nor digest", async () => {
    const folder = await host.kheaders(["info", join(tree, "include")]);
    expect(folder).toMatchObject({ status: 2, stdout: "" });
    expect(folder.stderr).toContain("is not a kernel header tree");
    expect(await host.kheaders(["info", "0123456789ab"])).toMatchObject({ status: 3, stdout: "" });
  });
});

describe("`env` of a folder", () => {
  it("gives a shell the variables, whatever the folder is called", async () => {
    const { stdout } = await host.kheaders(["env", spaced]);
    const script = `${stdout}printf '%s\\n' "$KDIR" "$ARCH" "$BPFTRACE_KERNEL_SOURCE" "$BCC_KERNEL_SOURCE"`;
    const seen = execFileSync("sh", ["-c", script], { encoding: "utf8" });
    expect(seen).toBe(`${spaced}\nx86\n${spaced}\n${spaced}\n`);
  });

  it("names the tools for another architecture", async () => {
    const riscv = writeTree(host.folder("riscv"), { arch: "riscv" });
    const { stdout } = await host.kheaders(["env", riscv, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ARCH: "riscv", CROSS_COMPILE: "riscv64-linux-gnu-" });
  });
});

it("`cflags` ends with status 2 unless it is told what for", async () => {
  const outcome = await host.kheaders(["cflags", tree]);
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
  expect(outcome.stderr).toContain("--bpf or --kernel");
});

it("`bpf` ends with status 2 for a 32-bit kernel", async () => {
  const arm = writeTree(host.folder("arm"), { arch: "arm", macros: [] });
  const source = `${arm}/include/linux/kconfig.h`;
  const outcome = await host.kheaders(["bpf", source, "-o", "prog.o", "--tree", arm]);
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
  expect(outcome.stderr).toContain("32-bit pointers");
});
