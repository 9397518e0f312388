import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  diffconfigProgram,
  type KernelPackages,
  kernelPackages,
  newerKernelPackages,
  otherHeaders,
} from "../lab/packages.js";
import { packedHeaders } from "../lab/packed-headers.js";
import { peakMemory } from "../support/peak-memory.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { smallArchive } from "../support/small-archive.js";
import { differencesOf, namedShapes } from "../support/type-differences.js";
import { Workstation } from "../support/workstation.js";

let host: Workstation;
beforeAll(async () => {
  host = await Workstation.open();
  host.folder("files");
});
afterAll(() => host.close());

/** A kernel in the cache, and the files that it was imported from. */
interface Imported {
  readonly release: string;
  readonly tree: string;
  readonly config: string;
  readonly symvers: string;
}

/** A copy of a file that the command's user may read. */
function readable(path: string): string {
  const copy = join(host.root, "files", basename(path));
  copyFileSync(path, copy);
  chmodSync(copy, 0o644);
  return copy;
}

async function imported(
  { release, headers }: Pick<KernelPackages, "release" | "headers">,
  ...more: string[]
): Promise<Imported> {
  const [config, symvers] = [join(headers.arch, ".config"), join(headers.arch, "Module.symvers")];
  const sources = [await packedHeaders(headers), config, symvers, ...more].map(readable);
  const { status, stdout, stderr } = await host.kheaders(["import", "--json", ...sources]);
  expect(status, stderr).toBe(0);
  return {
    release,
    tree: JSON.parse(stdout).tree,
    config,
    symvers,
  };
}

async function diff(...args: string[]) {
  const { status, stdout, stderr } = await host.kheaders(["diff", ...args, "--json"]);
  expect([0, 1], stderr).toContain(status);
  const compared = JSON.parse(stdout);
  expect(compared.equal).toBe(status === 0);
  return compared;
}

/** The lines that a program prints which ends with status 1 where something differs. */
function linesOf(program: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
  });
  expect([0, 1], stderr).toContain(status);
  return stdout.split("\n").filter((line) => line !== "");
}

const filesIn = (folder: string) => linesOf("find", folder, "!", "-type", "d");

/** What `diff -r` says of two trees, a line a file: `changed include/linux/a.h`. */
function fileDifferences(old: string, now: string): string[] {
  const lines = linesOf("diff", "-rq", "--no-dereference", old, now).flatMap((line) => {
    const [, folder, name] = /^Only in (.+): (.+)$/.exec(line) ?? [];
    if (folder === undefined || name === undefined) {
      const [, path = line] = /^(?:Files|Symbolic links|File) (.+?) (?:and|is a) /.exec(line) ?? [];
      return [`changed ${path.slice(old.length + 1)}`];
    }
    const [root, change] = folder === old || folder.startsWith(`${old}/`) ? [old, "removed"] : [now, "added"];
    return filesIn(join(folder, name)).map((file) => `${change} ${file.slice(root.length + 1)}`);
  });
  return lines.sort();
}

/** What the kernel's own program says of two configurations; an option that is `n` is none. */
function optionDifferences(program: string, old: string, now: string): string[] {
  return linesOf("python3", program, old, now)
    .flatMap((line) => {
      const [, sign = " ", option = "", values = ""] = /^([-+ ])(\S+) (.*)$/.exec(line) ?? [];
      const [before, after] =
        sign === " " ? values.split(" -> ") : sign === "-" ? [values, "n"] : ["n", values];
      return before === after ? [] : [`CONFIG_${option} ${before} ${after}`];
    })
    .sort();
}

/** What `diff` says of the versions in two files, sorted by symbol: `kfree 0x1 0x2`. */
function versionDifferences(old: string, now: string): string[] {
  const changes = new Map<string, { old?: string; new?: string }>();
  const sorted = [old, now].map((file, index) => {
    const target = join(host.root, "files", `symbols-${index}`);
    execFileSync("sh", ["-c", 'cut -f1,2 "$1" | LC_ALL=C sort -k2,2 >"$2"', "sh", file, target]);
    return target;
  });
  for (const line of linesOf("diff", ...sorted)) {
    const [, side, crc = "", symbol = ""] = /^([<>]) (\S+)\t(\S+)$/.exec(line) ?? [];
    if (side !== undefined)
      changes.set(symbol, { ...changes.get(symbol), [side === "<" ? "old" : "new"]: crc });
  }
  return [...changes].map(([symbol, change]) => `${symbol} ${change.old ?? "-"} ${change.new ?? "-"}`).sort();
}

/** Compares what the command tells of two kernels with what other programs do. */
function agreesWithOthers(kernels: () => { old: Imported; now: Imported }): void {
  it("agrees with diff -r in the headers", async () => {
    const { old, now } = kernels();
    const { headers } = await diff("--headers", old.release, now.release);
    const lines = headers.files.map(({ path, change }: Record<string, string>) => `${change} ${path}`).sort();
    expect(lines).toEqual(fileDifferences(old.tree, now.tree));
    expect(headers.added + headers.removed + headers.changed).toBe(lines.length);
    expect(headers.same + headers.removed + headers.changed).toBe(filesIn(old.tree).length);
  });

  if (findProgram("python3") === undefined) skipBecause("there is no python3", "diffconfig");
  else
    it("agrees with the kernel's scripts/diffconfig", async () => {
      const { old, now } = kernels();
      const program = await diffconfigProgram(await kernelPackages("x86_64"));
      const { config } = await diff("--config", old.release, now.release);
      const lines = config.options.map(
        ({ option, old: before, new: after }: Record<string, string | null>) =>
          `${option} ${before ?? "n"} ${after ?? "n"}`,
      );
      expect(lines.sort()).toEqual(optionDifferences(program, old.config, now.config));
      expect(lines.length).toBeGreaterThan(0);
    }, 600_000);

  it("agrees with diff of both Module.symvers", async () => {
    const { old, now } = kernels();
    const { symbols } = await diff("--symbols", old.release, now.release);
    const lines = symbols.symbols.map(
      ({ name, old: before, new: after }: Record<string, string | null>) =>
        `${name} ${before ?? "-"} ${after ?? "-"}`,
    );
    expect(lines.sort()).toEqual(versionDifferences(old.symvers, now.symvers));
    expect(symbols.isComplete).toEqual({ old: true, new: true });
  });
}

/** The types that differ, as the command tells them, which must be those that differ in what bpftool prints. */
async function agreeingTypes(old: Imported, now: Imported) {
  const digestOf = ({ tree }: Imported) => tree.split("/").at(-1) ?? "";
  const { types } = await diff("--types", digestOf(old), digestOf(now));
  const shapes = async (kernel: Imported) => {
    const { status, stdout, stderr } = await host.kheaders(["btf", digestOf(kernel)]);
    expect(status, stderr).toBe(0);
    return namedShapes(stdout.trim());
  };
  const expected = differencesOf(await shapes(old), await shapes(now));
  const lines = types.types.map(
    ({ change, kind, name, isTypedef }: Record<string, string | boolean>) =>
      `${change} ${kind} ${name}${isTypedef ? " (typedef)" : ""}`,
  );
  expect(lines.sort()).toEqual(expected.lines);
  expect(types.same).toBe(expected.same);
  return types;
}

describe("two stock kernels", { timeout: 600_000 }, () => {
  let old: Imported;
  let now: Imported;

  beforeAll(async () => {
    const [older, newer] = [await kernelPackages("x86_64"), await newerKernelPackages("x86_64")];
    const image = ({ root, release }: KernelPackages) => join(root, `boot/vmlinuz-${release}`);
    old = await imported(older, image(older));
    now = await imported(newer, image(newer));
  }, 1_200_000);

  agreesWithOthers(() => ({ old, now }));

  it("agree with bpftool in the types that differ, each once", async () => {
    const { from, types } = await agreeingTypes(old, now);
    expect(from).toEqual({ old: "file", new: "file" });
    expect(types.length).toBeGreaterThan(1000);
  });

  it("differ in the same types where a device that runs one of them gives its own BTF", async () => {
    const device = await host.boot({ flavour: "module" });
    const cache = ["--cache-dir", join(host.root, "home", "cache-of-devices")];
    const { root, headers, release } = await newerKernelPackages("x86_64");
    const sources = [await packedHeaders(headers), join(root, `boot/vmlinuz-${release}`)].map(readable);
    for (const args of [
      ["import", ...sources],
      ["btf", "-s", device.serial],
    ]) {
      const { status, stderr } = await host.kheaders([...args, ...cache]);
      expect(status, stderr).toBe(0);
    }
    const { types } = await diff("--types", ...cache, device.serial, release);
    expect(types.from).toEqual({ old: "device", new: "file" });
    expect(types.types).toEqual((await diff("--types", old.release, now.release)).types.types);
  });

  it("are summed up on one screen, with the numbers of the parts; the second time the same", async () => {
    const first = await host.kheaders(["diff", old.release, now.release]);
    expect(first.status, first.stderr).toBe(1);
    const lines = first.stdout.split("\n");
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    const parts = await diff("--config", "--headers", "--types", "--symbols", old.release, now.release);
    const summary = await diff(old.release, now.release);
    for (const part of ["config", "headers", "types", "symbols"]) {
      const { added, removed, changed } = parts[part];
      expect(summary[part]).toMatchObject({ unknown: null, added, removed, changed });
      expect(first.stdout).toContain(`${added} added, ${removed} removed, ${changed} changed`);
    }
    expect((await host.kheaders(["diff", old.release, now.release])).stdout).toBe(first.stdout);
    expect((await host.kheaders(["diff", now.release, now.release])).status).toBe(0);
  });

  it("are compared with less than 200 MB", async () => {
    const command = host.start(["diff", "--refresh", old.release, now.release]);
    const peak = await peakMemory(command.pid, command.ended);
    expect((await command.ended).status).toBe(1);
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(200e6);
  });

  it("show the members of a struct that moved where layout shows them", async () => {
    const { types } = await diff("--struct", "task_struct", old.release, now.release);
    const [{ members }] = types.details;
    for (const [side, { tree }] of [
      ["old", old],
      ["new", now],
    ] as const) {
      const member = members.find(({ path }: { path: string }) => path === "comm");
      const { stdout } = await host.kheaders(["layout", "task_struct.comm", tree.split("/").at(-1) ?? ""]);
      expect(String(member[side].bitOffset / 8)).toBe(stdout.trim());
    }
  });
});

describe("two builds of one kernel", { timeout: 600_000 }, () => {
  let old: Imported;
  let now: Imported;

  beforeAll(async () => {
    const kernel = await kernelPackages("x86_64");
    const other = await otherHeaders(kernel);
    if (other === undefined) throw new Error("the packages have no other build of this kernel");
    old = await imported({ release: other.release, headers: other });
    now = await imported(kernel);
  }, 1_200_000);

  agreesWithOthers(() => ({ old, now }));

  it("agree with bpftool in the types of their headers, of which most are the same", async () => {
    const { from, same, types } = await agreeingTypes(old, now);
    expect(from).toEqual({ old: "headers", new: "headers" });
    expect(same).toBeGreaterThan(1000);
    expect(types.length).toBeLessThan(same);
  });

  it("give a patch of the headers that differ", async () => {
    const { status, stdout, stderr } = await host.kheaders(["diff", "--patch", old.tree, now.tree]);
    expect(status, stderr).toBe(1);
    const { headers } = await diff("--headers", old.tree, now.tree);
    expect(stdout.match(/^diff -ruN /gm)).toHaveLength(headers.files.length);
    expect(stdout).toContain("\n+++ b/include/generated/utsrelease.h");
  });
});

describe("a device whose kernel is swapped", () => {
  const kernel = (release: string, hz: number) => ({
    release,
    config: `CONFIG_IKCONFIG=y\nCONFIG_IKHEADERS=m\nCONFIG_HZ=${hz}\n`,
    archive: smallArchive(release, {
      macros: ["CONFIG_IKCONFIG 1", "CONFIG_IKHEADERS_MODULE 1", `CONFIG_HZ ${hz}`],
      content: `/* ${release} */\n`,
    }),
  });

  it("is told with the command that compares the two, by pull and by watch", async () => {
    const device = await host.simulate(kernel("6.1.57-first", 250));
    const run = (...args: string[]) => host.kheaders([...args, "-s", device.serial]);
    const first = await run("pull", "--json");
    expect(JSON.parse(first.stdout)).toMatchObject({ release: "6.1.57-first", previous: null });
    const alone = await run("diff", "--last");
    expect(alone.status).toBe(3);
    expect(alone.stderr).toContain("no other kernel");

    await device.reboot(kernel("6.1.57-second", 1000));
    const second = await run("pull", "--json");
    expect(JSON.parse(second.stdout)).toMatchObject({ previous: { release: "6.1.57-first" } });
    expect(second.stderr).toContain(`compare: kheaders diff --last -s ${device.serial}`);

    const compared = await run("diff", "--last", "--config", "--headers", "--json");
    expect(compared.status, compared.stderr).toBe(1);
    const { old, new: now, config, headers } = JSON.parse(compared.stdout);
    expect([old.release, now.release, now.serial]).toEqual(["6.1.57-first", "6.1.57-second", device.serial]);
    expect(config.options).toEqual([{ option: "CONFIG_HZ", old: "250", new: "1000" }]);
    expect(headers.files.map(({ path }: { path: string }) => path)).toContain("include/linux/kernel.h");
    const last = await run("diff", "--last", "--config");
    expect(last.stdout).toMatch(/^CONFIG_HZ +250 +1000$/m);

    await device.reboot(kernel("6.1.57-first", 250));
    const watch = host.start(["watch", "--json", "-s", device.serial]);
    await watch.says(/"event":"pulled".*"previous":\{[^}]*"release":"6.1.57-second"/);
    watch.signal("SIGTERM");
    const { stderr } = await watch.ended;
    expect(stderr).toContain(`compare: kheaders diff --last -s ${device.serial}`);
    const back = JSON.parse((await run("diff", "--last", "--json")).stdout);
    expect([back.old.release, back.new.release]).toEqual(["6.1.57-second", "6.1.57-first"]);
  });

  it("stands for the kernel that it ran last once it is gone", async () => {
    const device = await host.simulate(kernel("6.1.57-gone", 100));
    expect((await host.kheaders(["pull", "-s", device.serial])).status).toBe(0);
    await host.adb.adb("disconnect", device.serial);
    const { status, stdout, stderr } = await host.kheaders(["diff", device.serial, "6.1.57-gone"]);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("no difference");
    expect(stderr).toContain("is not connected");
  });
});
