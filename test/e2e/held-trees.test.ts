import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { elfHeader, elfMachines } from "../support/elf-header.js";
import { writeFakeClang } from "../support/fake-clang.js";
import { builtCommand } from "../support/kheaders.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.6.1-held";

let host: Workstation;
let device: SimulatedDevice;
/** Where the commands work. */
let folder: string;
/** Gets a line each time that the cache was emptied and the tree was still there. */
let kept: string;
/** Shell commands that empty the cache as far as that is possible, and look at the tree. */
let emptyCache: string;

beforeAll(async () => {
  host = await Workstation.open();
  const archive = smallArchive(release, {
    more: ["arch/arm64/include/asm/page.h"],
    macros: ["CONFIG_ARM64 1", "CONFIG_64BIT 1"],
  });
  device = await host.simulate({ archive, release, config: "CONFIG_ARM64=y\nCONFIG_64BIT=y\n" });
  folder = host.folder("work");
  kept = join(folder, "kept");
  writeFileSync(join(folder, "prog.c"), "int x;\n");
  emptyCache = [
    `"${process.execPath}" "${builtCommand}" cache rm --all >/dev/null 2>&1`,
    `[ -d "${host.cache}"/trees/*/include ] && echo kept >>"${kept}"`,
  ].join("; ");
  // A clang that has the cache emptied before it does anything.
  const clangBody = `${emptyCache}; cat >/dev/null; echo "$words" >"$out"; { echo "out: -" >"$out.d"; } 2>/dev/null || true`;
  writeFakeClang(folder, { clangBody });
});

afterAll(() => host.close());

beforeEach(() => {
  writeFileSync(kept, "");
  chmodSync(kept, 0o666);
});

it.each([
  { name: "check", args: ["check", "--clang", "./clang"] },
  { name: "bpf", args: ["bpf", "prog.c", "-o", "prog.o", "--clang", "./clang"] },
  { name: "pch", args: ["pch", "--bpf", "linux/sched.h", "-o", "sched.pch", "--clang", "./clang"] },
  { name: "exec", args: ["exec", "--", "sh", "-c"] },
])("$name keeps the tree that it reads while another process empties the cache", async ({ name, args }) => {
  const body = name === "exec" ? [`${emptyCache}; ls "$KHEADERS_TREE/include"`] : [];
  const { status, stderr } = await host.kheaders(["-s", device.serial, ...args, ...body], { cwd: folder });
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining("kheaders:") });
  expect(readFileSync(kept, "utf8")).toMatch(/^(kept\n)+$/);
});

it("watch --exec keeps the tree while its command runs", async () => {
  const watch = host.start(["-s", device.serial, "watch", "--json", "--shell", "--exec", emptyCache]);
  await watch.says(/"event":"command-ended".*"status":0/);
  watch.signal("SIGTERM");
  await watch.ended;
  expect(readFileSync(kept, "utf8")).toBe("kept\n");
});

it("module keeps the tree that it builds with while another process empties the cache", async () => {
  const macros = ["CONFIG_ARM64 1", "CONFIG_64BIT 1"];
  const archive = smallArchive("6.6.2-held", {
    more: ["arch/arm64/include/asm/page.h", "Makefile", "scripts/Makefile.build", "arch/arm64/Makefile"],
    programs: {
      "scripts/basic/fixdep": elfHeader(elfMachines[process.arch === "arm64" ? "aarch64" : "x86_64"]),
    },
    macros,
  });
  const config = "CONFIG_ARM64=y\nCONFIG_64BIT=y\n";
  const builder = await host.simulate({ archive, release: "6.6.2-held", config });
  const bin = join(folder, "bin");
  mkdirSync(bin);
  // A make that has the cache emptied before it builds.
  writeFileSync(join(bin, "make"), `#!/bin/sh\n${emptyCache}\ntouch x.ko; echo "$PWD/x.o" >modules.order\n`);
  chmodSync(join(bin, "make"), 0o755);
  writeFileSync(join(folder, "Kbuild"), "obj-m := x.o\n");
  const PATH = [bin, process.env.PATH].join(delimiter);
  const args = ["-s", builder.serial, "module", ".", "--", "CC=true"];
  const { status, stdout } = await host.kheaders(args, { cwd: folder, env: { PATH } });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${join(folder, "x.ko")}\n` });
  expect(readFileSync(kept, "utf8")).toBe("kept\n");
});

it("pull -o copies the whole tree while another process empties the cache", async () => {
  const names = Array.from({ length: 8_000 }, (_, number) => `include/many/${number}.h`);
  const archive = smallArchive("6.6.3-held", { more: names });
  const large = await host.simulate({ archive, release: "6.6.3-held" });
  expect((await host.kheaders(["-s", large.serial, "pull"])).status).toBe(0);
  const output = join(folder, "copy");
  const copying = host.start(["-s", large.serial, "pull", "-o", output]);
  while (!readdirSync(folder).some((name) => name.includes("copy") || name.startsWith("."))) await sleep(1);
  copying.signal("SIGSTOP");
  expect(existsSync(join(output, "include/many/7999.h")), "it was stopped in the middle").toBe(false);
  expect((await host.kheaders(["cache", "rm", "--all"])).status).not.toBe(0);
  copying.signal("SIGCONT");
  expect((await copying.ended).status).toBe(0);
  expect(readdirSync(join(output, "include/many"))).toHaveLength(names.length);
});
