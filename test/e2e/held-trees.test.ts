import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
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
