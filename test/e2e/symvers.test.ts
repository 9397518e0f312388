import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeviceEntry, SimulatedDevice, SimulatedOptions } from "../lab/index.js";
import { type ModuleParts, moduleBytes } from "../support/module-builder.js";
import { peakMemory } from "../support/peak-memory.js";
import { file, tar } from "../support/tar-builder.js";
import { Workstation } from "../support/workstation.js";
import { xz } from "../support/xz.js";

const release = "6.1.57-android14-11";
const layout = { module_layout: 0xfeedbeef };

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

/** Headers of a kernel with the given macros in its configuration. */
function headers(...macros: string[]): Buffer {
  const lines = ["CONFIG_64BIT 1", ...macros].map((macro) => `#define ${macro}\n`).join("");
  return xz(
    tar(
      file("include/generated/utsrelease.h", `#define UTS_RELEASE "${release}"\n`),
      file("include/generated/autoconf.h", lines),
      file("arch/arm64/include/asm/page.h", ""),
    ),
  );
}

function module(path: string, parts: ModuleParts | Buffer, mode = 0o644): DeviceEntry {
  return { type: "file", path, mode, content: Buffer.isBuffer(parts) ? parts : moduleBytes(parts) };
}

function simulate(modules: readonly DeviceEntry[], options: SimulatedOptions = {}): Promise<SimulatedDevice> {
  const archive = headers("CONFIG_MODVERSIONS 1");
  return host.simulate({ release, archive, config: undefined, source: "built-in", modules, ...options });
}

async function symvers(device: Pick<SimulatedDevice, "serial">, ...options: string[]) {
  const ended = await host.kheaders(["-s", device.serial, "symvers", "--json", ...options]);
  return { ...ended, result: JSON.parse(ended.stdout) };
}

describe("`symvers`", () => {
  const modules: DeviceEntry[] = [
    module("a.ko", {
      modinfo: ["name=a"],
      versions: { ...layout, kfree: 2 },
      symbols: [{ name: "__ksymtab_from_a", section: "__ksymtab_gpl" }],
    }),
    { type: "folder", path: "kernel", mode: 0o755 },
    module("kernel/b c.ko", { versions: { ...layout, from_a: 3 } }),
    module("d.ko.gz", gzipSync(moduleBytes({ versions: { ...layout, _printk: 4 } }))),
  ];
  const text = [
    "0x00000004\t_printk\tvmlinux\tEXPORT_SYMBOL\t",
    "0x00000003\tfrom_a\ta\tEXPORT_SYMBOL_GPL\t",
    "0x00000002\tkfree\tvmlinux\tEXPORT_SYMBOL\t",
    "0xfeedbeef\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t",
    "",
  ].join("\n");

  it("collects them from the device's modules once, and prints where they are", async () => {
    const device = await simulate(modules);
    const first = await symvers(device);
    expect({ status: first.status, stderr: first.stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining("warning"),
    });
    expect(first.result).toMatchObject({
      serial: device.serial,
      release,
      cache: "miss",
      symbols: 4,
      modules: 3,
      skipped: [],
      partial: false,
      denied: [],
    });
    expect(readFileSync(first.result.path, "utf8")).toBe(text);
    const copy = join(host.folder("copy"), "Module.symvers");
    const second = await host.kheaders(["-s", device.serial, "symvers", "-o", copy]);
    expect(second).toMatchObject({ status: 0, stdout: `${first.result.path}\n`, stderr: "" });
    expect(readFileSync(copy, "utf8")).toBe(text);
    expect((await symvers(device)).result.cache).toBe("hit");
    expect((await symvers(device, "--refresh")).result).toMatchObject({
      cache: "miss",
      path: first.result.path,
    });
    const removed = await host.kheaders(["cache", "rm", "--all"]);
    expect(removed.status).toBe(0);
    expect(existsSync(first.result.path)).toBe(false);
  });

  it("answers with --offline what it has, and only that", async () => {
    const device = await simulate(modules, { fingerprint: "lab/offline" });
    await host.kheaders(["-s", device.serial, "pull"]);
    const missing = await symvers(device, "--offline");
    expect(missing.status).toBe(3);
    expect(missing.result.error).toMatchObject({ code: "not-cached" });
    expect((await symvers(device)).status).toBe(0);
    expect((await symvers(device, "--offline")).result.cache).toBe("hit");
  });

  it("leaves out what tells nothing, and says so", async () => {
    const odd = [
      module("broken.ko", Buffer.from("\x7fELF and no more")),
      module("packed.ko.xz", Buffer.from("xz")),
      module("other.ko.zst", Buffer.from("zstd")),
      module("cut.ko.gz", gzipSync(moduleBytes({ versions: layout })).subarray(0, 40)),
      module("line\nbreak.ko", { versions: layout }),
    ];
    const device = await simulate([...modules, ...odd], { fingerprint: "lab/odd" });
    for (const cache of ["miss", "hit"]) {
      const { status, stderr, result } = await symvers(device);
      expect(status).toBe(0);
      expect(result).toMatchObject({ cache, modules: 3, symbols: 4 });
      expect(result.skipped).toHaveLength(4);
      for (const line of [
        "left out /system/lib/modules/broken.ko: it is not an ELF file",
        "left out /system/lib/modules/cut.ko.gz: it cannot be unpacked",
        /left out \S+ and 1 more: it is compressed, but not with gzip/,
        "modules whose names have a line break or are not UTF-8 were left out",
      ])
        expect(stderr).toMatch(line);
    }
  });

  it("names both files where the modules are of two kernels", async () => {
    const doctored = module("kernel/doctored.ko", { versions: { ...layout, kfree: 0xbad } });
    const device = await simulate([...modules, doctored], { fingerprint: "lab/conflict" });
    const { status, result } = await symvers(device);
    expect(status).toBe(7);
    expect(result.error.code).toBe("symbol-conflict");
    expect(result.error.message).toMatch(/kfree has the version/);
    expect(result.error.message).toContain("0x00000002 in /system/lib/modules/a.ko");
    expect(result.error.message).toContain("0x00000bad in /system/lib/modules/kernel/doctored.ko");
  });

  it("is completed by the file of the kernel's build, which must agree with the device", async () => {
    const device = await simulate(modules, { fingerprint: "lab/added" });
    const symvers = (...args: string[]) => host.kheaders(["-s", device.serial, "symvers", ...args]);
    const collected = readFileSync((await symvers()).stdout.trimEnd(), "utf8");
    const file = join(host.folder("build"), "vmlinux.symvers");
    const whole = `${collected}0x00000abc\tonly_in_vmlinux\tvmlinux\tEXPORT_SYMBOL_GPL\t\n`;
    writeFileSync(
      file,
      whole.replace(/^0x./, (start) => `0x${start === "0x0" ? "1" : "0"}`),
    );
    const other = await symvers("--add", file);
    expect(other.status).toBe(7);
    expect(other.stderr).toContain("is of another kernel");
    writeFileSync(file, whole);
    const added = await symvers("--add", file, "--json");
    expect(added.status).toBe(0);
    const { path, symbols, cache } = JSON.parse(added.stdout);
    expect({ symbols, cache }).toEqual({ symbols: 5, cache: "hit" });
    expect(readFileSync(path, "utf8")).toContain("only_in_vmlinux");
    expect(readFileSync((await symvers()).stdout.trimEnd(), "utf8")).toContain("only_in_vmlinux");
  });

  it("leaves out a stale module of another kernel, which the modules of this one contradict", async () => {
    const vermagic = (kernel: string) => [`vermagic=${kernel} SMP preempt mod_unload aarch64`];
    const both = [
      module("a-stale.ko", { modinfo: vermagic("6.1.25"), versions: { module_layout: 1, kfree: 1 } }),
      module("own.ko", { modinfo: vermagic(release), versions: { ...layout, kfree: 2 } }),
    ];
    const device = await simulate(both, { fingerprint: "lab/stale" });
    const { status, stderr, result } = await symvers(device);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("left out /system/lib/modules/a-stale.ko: it was built for another kernel");
    expect(readFileSync(result.path, "utf8")).toContain("0x00000002\tkfree\t");
  });

  it("takes no more than 300 MB of memory for the largest modules", async () => {
    const large = Buffer.concat([moduleBytes({ versions: layout }), Buffer.alloc(96 * 2 ** 20 - 1_000)]);
    const device = await simulate(
      [module("large.ko", large), module("large2.ko.gz", gzipSync(large, { level: 1 }))],
      { fingerprint: "lab/large" },
    );
    const command = host.start(["-s", device.serial, "symvers"]);
    const [ended, memory] = await Promise.all([command.ended, peakMemory(command.pid, command.ended)]);
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stderr).not.toContain("left out");
    expect(memory).toBeLessThan(300e6);
  });

  it("reads the modules for the page size of the kernel", async () => {
    const both = [
      ...modules,
      { type: "folder", path: "16k-mode", mode: 0o755 } as const,
      module("16k-mode/a.ko", { versions: { module_layout: 0x16, kfree: 0x16 } }),
    ];
    const small = await simulate(both, { fingerprint: "lab/4k" });
    expect((await symvers(small)).result.modules).toBe(3);
    const archive = headers("CONFIG_MODVERSIONS 1", "CONFIG_ARM64_16K_PAGES 1");
    const large = await simulate(both, { fingerprint: "lab/16k", archive });
    const { result } = await symvers(large);
    expect(readFileSync(result.path, "utf8")).toContain("0x00000016\tkfree\t");
  });

  it("says why there are none", async () => {
    const without = await simulate([], { fingerprint: "lab/no-modules" });
    const unversioned = await simulate([module("a.ko", {})], { fingerprint: "lab/unversioned" });
    const free = await simulate(modules, { fingerprint: "lab/free", archive: headers() });
    const told = await Promise.all([without, unversioned, free].map((device) => symvers(device)));
    expect(told.map(({ status }) => status)).toEqual([4, 4, 4]);
    expect(told.map(({ result }) => result.error.message)).toEqual([
      expect.stringContaining("no module on the device has symbol versions"),
      "the device's modules (1) have no symbol versions",
      expect.stringContaining("CONFIG_MODVERSIONS is not set"),
    ]);
  });
});

describe("`symvers` where root is needed and not to be had", () => {
  const modules: DeviceEntry[] = [
    module("open.ko", { versions: layout }),
    { type: "folder", path: "closed", mode: 0o700 },
    module("closed/b.ko", { versions: { ...layout, kfree: 2 } }),
  ];

  it("ends with status 5, or with --no-su reads what it may", async () => {
    const device = await simulate(modules, { fingerprint: "lab/closed", user: "shell" });
    const refused = await symvers(device);
    expect(refused.status).toBe(5);
    expect(refused.result.error.message).toContain("can only be listed as root, and the shell finds no su");
    for (const cache of ["miss", "hit"]) {
      const partly = await symvers(device, "--no-su");
      expect(partly.status).toBe(0);
      expect(partly.result).toMatchObject({ cache, symbols: 1, partial: true });
      expect(partly.stderr).toContain("cannot be listed without root");
    }
    expect((await symvers(device)).status).toBe(5);
  });

  it("does not take it for granted that there are no modules where none can be seen", async () => {
    const device = await simulate([], { fingerprint: "lab/hidden", user: "shell" });
    const { status, result } = await symvers(device);
    expect(status).toBe(5);
    expect(result.error.message).toContain("the device's modules can only be listed as root");
    expect((await symvers(device, "--no-su")).status).toBe(4);
  });

  it("ends with status 5 for a module that may not be read", async () => {
    const closed = module("closed.ko", { versions: layout }, 0o600);
    const device = await simulate([closed], { fingerprint: "lab/closed-file", user: "shell" });
    const { status, result } = await symvers(device, "--no-su");
    expect(status).toBe(5);
    expect(result.error.message).toBe("/system/lib/modules/closed.ko can only be read as root");
  });
});

describe("`symvers` that is interrupted", () => {
  it("keeps nothing where the device is gone in the middle", async () => {
    const large = Buffer.concat([moduleBytes({ versions: layout }), Buffer.alloc(100_000_000)]);
    const device = await simulate([module("large.ko", large)], { fingerprint: "lab/gone" });
    await host.kheaders(["-s", device.serial, "pull"]);
    const running = host.start(["-s", device.serial, "symvers", "-v"]);
    await running.says(/Reading the device's modules/);
    // Or it might be done before the device is gone.
    running.signal("SIGSTOP");
    await device.stop();
    running.signal("SIGCONT");
    const ended = await running.ended;
    expect(ended.status).toBe(6);
    expect(ended.stdout).toBe("");
    const extras = readdirSync(join(host.cache, "extras"), { recursive: true }).map(String);
    expect(extras.filter((path) => path.includes(".tmp-"))).toEqual([]);
  });

  it("says that there is no device", async () => {
    const { status, stderr } = await host.kheaders(["-s", "nobody", "symvers"]);
    expect(status).toBe(3);
    expect(stderr).toContain("nobody");
  });
});
