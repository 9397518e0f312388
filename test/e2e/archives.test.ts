import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { archiveLimits } from "../../host/archive/limits.js";
import { peakMemory } from "../support/peak-memory.js";
import { file, folder, link, pixzList, tar } from "../support/tar-builder.js";
import { Workstation } from "../support/workstation.js";
import { xz } from "../support/xz.js";

const release = "6.1.57-android14-11";
/** The headers of a kernel that was built in a shared folder, by a vendor that links headers of its own into the tree. */
const members = [
  folder("./", 0o2775),
  folder("./include/", 0o2775),
  file("./include/generated/utsrelease.h", `#define UTS_RELEASE "${release}"\n`),
  file("./include/generated/autoconf.h", "#define CONFIG_IKCONFIG 1\n#define CONFIG_IKHEADERS_MODULE 1\n"),
  link("./include/linux/task_stats.h", "../../../../vendor/maker/kernel/cpu/task_stats.h"),
  file("./include/linux/kernel.h", "", 0o2644),
];
const archive = tar(...members);
const warning =
  "warning: left out of the headers: include/linux/task_stats.h (it is a link out of the kernel's source tree)";

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

it("headers with harmless traces of the build machine are pulled, with one warning of what they lack", async () => {
  const compressed = Buffer.concat([
    xz(archive, "--check=crc32"),
    xz(pixzList({ "./": 0, "./include/": 512 }, archive.length), "--check=crc32"),
  ]);
  const { serial } = await host.simulate({ release, archive: compressed });
  const { status, stdout, stderr } = await host.kheaders(["-s", serial, "pull"]);
  expect(status, stderr).toBe(0);
  expect(stderr.split(warning)).toHaveLength(2);
  const tree = stdout.trim();
  expect(readFileSync(join(tree, "include/generated/utsrelease.h"), "utf8")).toContain(release);
  expect(existsSync(join(tree, "include/linux/kernel.h"))).toBe(true);
  expect(existsSync(join(tree, "include/linux/task_stats.h"))).toBe(false);

  const hit = await host.kheaders(["-s", serial, "pull"]);
  expect(hit).toMatchObject({ status: 0, stdout });
  expect(hit.stderr).not.toContain("left out");
  const verified = await host.kheaders(["cache", "verify"]);
  expect(verified.status, verified.stderr).toBe(0);
});

it("an archive that nothing proves to be whole is pulled with a warning, and only then", async () => {
  const { serial } = await host.simulate({
    release,
    archive: xz(tar(...members.slice(0, 4)), "--check=none"),
  });
  const unchecked = "warning: the archive's xz data has no integrity check";
  const pulled = await host.kheaders(["-s", serial, "pull", "--refresh"]);
  expect(pulled.status, pulled.stderr).toBe(0);
  expect(pulled.stderr.split(unchecked)).toHaveLength(2);
  const hit = await host.kheaders(["-s", serial, "pull"]);
  expect(hit).toMatchObject({ status: 0, stdout: pulled.stdout });
  expect(hit.stderr).not.toContain(unchecked);
});

it("an archive that is just within the limits takes no more than 300 MB of memory, pulled or verified", async () => {
  const count = archiveLimits.members - 10;
  const name = "x".repeat(Math.floor(archiveLimits.allPathBytes / count) - 90);
  const folders = Array.from({ length: count }, (_, number) =>
    folder(`${"y".repeat(70)}/${name}${number + 1e6}/`),
  );
  const { serial } = await host.simulate({ release, archive: xz(tar(...members, ...folders), "-0") });
  for (const args of [
    ["-s", serial, "pull", "--refresh"],
    ["cache", "verify"],
  ]) {
    const command = host.start(args);
    const [ended, memory] = await Promise.all([command.ended, peakMemory(command.pid, command.ended)]);
    expect(ended.status, ended.stderr).toBe(0);
    expect(memory).toBeLessThan(300e6);
  }
});
