import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run } from "../lab/command.js";
import { type Architecture, buildWithLibbpf, type VirtualDevice } from "../lab/index.js";
import { emulated } from "../support/emulated.js";
import { labArchitectures } from "../support/lab-architectures.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const programs = fileURLToPath(new URL("programs/core", import.meta.url));
const what = "the BTF of a kernel";
const needed = ["clang", "pahole", "bpftool"].filter((name) => findProgram(name) === undefined);
const architectures = needed.length > 0 ? [] : labArchitectures(what);
if (needed.length > 0) skipBecause(`there is no ${needed.join(" and no ")}`, what);

/** Structs that tracers read, with unions, bit fields and nested structs. */
const structs = [
  ...[
    "task_struct",
    "cred",
    "nsproxy",
    "pid",
    "mm_struct",
    "vm_area_struct",
    "page",
    "file",
    "inode",
    "dentry",
  ],
  ...[
    "super_block",
    "sk_buff",
    "sock",
    "inet_sock",
    "tcp_sock",
    "net_device",
    "request",
    "bio",
    "kprobe",
    "pt_regs",
  ],
];

let host: Workstation;
beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

/** The sizes of structs by their names, as pahole reads them; not of those that share their name with another. */
async function sizesIn(btf: string): Promise<Map<string, number>> {
  const lines = (await run("pahole", ["--sizes", "-F", "btf", btf])).trimEnd().split("\n");
  const rows = lines.map((line) => line.split("\t"));
  const names = rows.map(([name]) => name);
  const unique = rows.filter(([name]) => names.indexOf(name) === names.lastIndexOf(name));
  return new Map(unique.map(([name = "", size]) => [name, Number(size)]));
}

/** Where each member of a struct lies, as pahole shows it: its name, offset, and place in a bit field. */
async function offsetsIn(btf: string, struct: string): Promise<string[]> {
  const text = await run("pahole", ["-F", "btf", "-C", struct, btf]);
  return Array.from(
    text.matchAll(/(\w+)(?:\[\d+\])*(?::\d+)?\)?(?:\([^\n]*\))?; *\/\* *(\d+(?:: *\d+)?) +\d+ \*\//g),
    ([, name, offset]) => `${name} ${offset}`,
  );
}

describe.each(architectures)("on %s", emulated, (architecture: Architecture) => {
  let device: VirtualDevice;
  let folder: string;
  /** The kernel's own BTF. */
  let own: string;
  /** A cache that knows nothing of that. */
  let apart: string[];

  beforeAll(async () => {
    device = await host.boot({ flavour: "module", architecture });
    folder = host.folder(architecture);
    own = join(folder, "own.btf");
    apart = ["--cache-dir", join(folder, "cache")];
    const pulled = await host.adb.adb("-s", device.serial, "pull", "/sys/kernel/btf/vmlinux", own);
    expect(pulled.status, pulled.stderr).toBe(0);
  }, emulated.timeout);

  async function btf(...args: string[]) {
    const ended = await host.kheaders(["-s", device.serial, "btf", "--json", ...args]);
    expect(ended.status, ended.stderr).toBe(0);
    return JSON.parse(ended.stdout);
  }

  it("the kernel's own comes as it is, with nothing written to the device, and from the cache the next time", async () => {
    const written = () => host.shell(device, "ls -laR /data");
    const before = await written();
    const copy = join(folder, "copy.btf");
    const first = await btf("--refresh", "-o", copy);
    expect(first).toMatchObject({ from: "device", cache: "miss", missing: [], headers: null });
    for (const file of [copy, first.path]) expect(readFileSync(file)).toEqual(readFileSync(own));
    expect(await btf()).toMatchObject({ path: first.path, cache: "hit" });
    expect(await written()).toBe(before);
    expect(await host.shell(device, "cat /proc/modules")).not.toMatch(/^kheaders /m);
  });

  it("a module's continues it", async () => {
    const { path, base } = await btf("--module", "virtio_net");
    expect(await run("bpftool", ["-B", base, "btf", "dump", "file", path])).toContain("'virtnet_info'");
    const missing = await host.kheaders(["-s", device.serial, "btf", "--module", "kheaders"]);
    expect(missing).toMatchObject({ status: 4, stdout: "" });
    expect(missing.stderr).toContain("the kernel's module kheaders has no BTF");
  });

  describe("where the device shows none", () => {
    beforeAll(() => host.shell(device, "mount -t tmpfs none /sys/kernel/btf"));

    it("it is made from the headers, with the sizes and offsets of the kernel", async () => {
      const made = await btf("--refresh", ...apart);
      expect(made).toMatchObject({ from: "headers", cache: "miss", leftOut: [] });
      expect(made.headers).toContain("linux/sched.h");
      const dump = await run("bpftool", ["btf", "dump", "file", made.path]);
      expect(made.types).toBe(dump.match(/^\[\d+\]/gm)?.length);
      const [theirs, ours] = await Promise.all([sizesIn(own), sizesIn(made.path)]);
      const common = [...ours.keys()].filter((name) => theirs.has(name));
      expect(common.length).toBeGreaterThan(1000);
      expect(common.filter((name) => theirs.get(name) !== ours.get(name))).toEqual([]);
      for (const struct of structs) {
        const offsets = await offsetsIn(made.path, struct);
        expect(offsets.length, struct).toBeGreaterThan(1);
        expect(offsets, struct).toEqual(await offsetsIn(own, struct));
      }
      expect(await btf(...apart)).toMatchObject({ path: made.path, cache: "hit" });
    });

    it("a CO-RE program finds by it what it looks for", async () => {
      const object = join(folder, "parents.o");
      const source = join(programs, "parents.c");
      const args = ["-s", device.serial, ...apart, "bpf", "--core", source, "-o", object];
      const compiled = await host.kheaders([...args, "--json"]);
      expect(compiled.status, compiled.stderr).toBe(0);
      expect(JSON.parse(compiled.stdout)).toMatchObject({ path: object, from: "headers" });
      const loader = join(folder, "loader");
      await buildWithLibbpf(architecture, join(programs, "loader.c"), loader);
      const { path } = await btf(...apart);
      const places = [loader, object, path].map(
        (file, index) => [file, `/data/local/tmp/core-${index}`] as const,
      );
      for (const [file, place] of places) await host.adb.adb("-s", device.serial, "push", file, place);
      const [program, ...files] = places.map(([, place]) => place);
      const load = (...args: string[]) =>
        host.adb.adb("-s", device.serial, "shell", ["chmod 755", `${program};`, program, ...args].join(" "));
      const without = await load(...files.slice(0, 1));
      expect(without.status, without.stdout).toBe(1);
      expect(without.stderr).toContain("failed to find valid kernel BTF");
      const withBtf = await load(...files);
      const [, parent, truth] = /^parent (\d+) of core-0, in truth (\d+)$/m.exec(withBtf.stdout) ?? [];
      expect(parent, withBtf.stdout + withBtf.stderr).toBe(truth);
      expect(Number(truth)).toBeGreaterThan(0);
    });
  });
});

describe.runIf(architectures.includes("x86_64"))("a shell user", emulated, () => {
  let device: VirtualDevice;
  let cache: string;

  beforeAll(async () => {
    device = await host.boot({ flavour: "none", user: "shell", su: "aosp", restricted: true });
    cache = join(host.folder("shell"), "cache");
  }, emulated.timeout);

  const btf = (...args: string[]) =>
    host.kheaders(["-s", device.serial, "--cache-dir", cache, "btf", "--json", ...args]);
  /** What runs, without the kernel's threads. */
  const processes = async () => {
    const lines = (await host.shell(device, "ps -A -o USER,ARGS")).split("\n");
    return lines.filter((line) => !line.includes("[")).sort();
  };

  it("without su is told what there is to do, for BTF and for headers", async () => {
    const { status, stdout } = await btf("--no-su");
    expect(status).toBe(5);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe("needs-root");
    expect(error.message).toContain("/sys/kernel/btf/vmlinux can only be read as root");
    expect(error.message).toContain("there are no headers to make it from");
    expect(error.hint).toContain("Root the device");
    expect((await btf("--no-su", "--from", "device")).status).toBe(5);
  });

  it("with su gets it of a kernel without headers, and leaves no process", async () => {
    const before = await processes();
    const { status, stdout, stderr } = await btf("--refresh");
    expect(status, stderr).toBe(0);
    const { path, from, cache: served } = JSON.parse(stdout);
    expect([from, served]).toEqual(["device", "miss"]);
    const said = await host.shell(device, "su 0 sha256sum /sys/kernel/btf/vmlinux");
    expect(await run("sha256sum", [path])).toContain(said.split(" ", 1)[0]);
    await vi.waitFor(async () => expect(await processes()).toEqual(before), {
      timeout: 30_000,
      interval: 500,
    });
    expect(JSON.parse((await btf("--no-su", "--offline")).stdout)).toMatchObject({ path, cache: "hit" });
  });

  it("needs no root where the vendor lets it read", async () => {
    await host.shell(device, "su 0 chmod 755 /sys/kernel");
    cache = join(host.folder("open"), "cache");
    const { status, stdout, stderr } = await btf("--no-su");
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ from: "device", cache: "miss" });
  });
});
