import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { keptConfig } from "../../../../host/pull/kept-config.js";
import { cachedSymvers } from "../../../../host/symvers/collect.js";
import { listTree, temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { dotConfig, folderWith, generated, importFrom, release } from "../../../support/import-files.js";

const symvers =
  "0x01234567\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n0x89abcdef\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n";

/** What every build of a source has. */
const source = {
  Makefile: "# of the source\n",
  Kconfig: "mainmenu\n",
  "include/linux/kernel.h": "/* a comment */\nint kernel;\n",
  "include/linux/bpf.h": "/* SPDX-License-Identifier: GPL-2.0 */\nint bpf; /* more */\n",
  "include/linux/notes.txt": "not a header\n",
  "arch/arm64/include/asm/page.h": "int page;\n",
  "arch/x86/include/asm/page.h": "int other;\n",
  "drivers/net/tun.h": "int tun;\n",
};
/** What the build makes. */
const built = {
  ...generated,
  "include/generated/utsversion.h": '#define UTS_VERSION "#1"\n',
  "include/linux/bpf.h": "int rebuilt;\n",
  "arch/arm64/include/generated/asm/early.h": "int early;\n",
  ".config": dotConfig,
  "Module.symvers": symvers,
};

/** The tree that both together make. */
const tree = [
  "folder 555 arch",
  "folder 555 arch/arm64",
  "folder 555 arch/arm64/include",
  "folder 555 arch/arm64/include/asm",
  "file 444 arch/arm64/include/asm/page.h: int page;\n",
  "folder 555 arch/arm64/include/generated",
  "folder 555 arch/arm64/include/generated/asm",
  "file 444 arch/arm64/include/generated/asm/early.h: int early;\n",
  "folder 555 include",
  "folder 555 include/generated",
  `file 444 include/generated/autoconf.h: ${generated["include/generated/autoconf.h"]}`,
  `file 444 include/generated/utsrelease.h: ${generated["include/generated/utsrelease.h"]}`,
  "folder 555 include/linux",
  "file 444 include/linux/bpf.h: int rebuilt;\n",
  "file 444 include/linux/kernel.h: \nint kernel;\n",
];

/** Folders as the Debian packages have them: `linux-headers-1-arm64` names `linux-headers-1-common`. */
function debianFolders(place = "/usr/src"): string {
  const folder = temporaryFolder();
  const arch = join(folder, "usr/src/linux-headers-1-arm64");
  const common = join(folder, "usr/src/linux-headers-1-common");
  mkdirSync(join(folder, "usr/src"), { recursive: true });
  cpSync(folderWith({ ...built, Makefile: `include ${place}/linux-headers-1-common/Makefile\n` }), arch, {
    recursive: true,
  });
  cpSync(folderWith(source), common, { recursive: true });
  return folder;
}

function packageOf(folder: string, name: string): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "DEBIAN"));
  mkdirSync(join(root, "usr/src"), { recursive: true });
  writeFileSync(
    join(root, "DEBIAN/control"),
    `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n`,
  );
  cpSync(join(folder, "usr/src", name), join(root, "usr/src", name), { recursive: true });
  const target = join(temporaryFolder(), `${name}.deb`);
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", root, target], { stdio: "pipe" });
  return target;
}

describe("the headers that the kernel's own script would take", () => {
  test("of a build in its source tree", async () => {
    const imported = await importFrom([folderWith({ ...source, ...built })]);
    expect(listTree(imported.tree)).toEqual(tree);
    expect(imported.kernel).toMatchObject({ release, machine: "aarch64", version: undefined });
  });

  test("of make O=", async () => {
    const linux = folderWith(source);
    const out = folderWith({ ...built, Makefile: `# Automatically generated\ninclude ${linux}/Makefile\n` });
    const imported = await importFrom([out]);
    expect(listTree(imported.tree)).toEqual(tree);
  });

  test("of make O=, in the source tree", async () => {
    const linux = folderWith(source);
    cpSync(folderWith({ ...built, Makefile: "include ../Makefile\n" }), join(linux, "out"), {
      recursive: true,
    });
    const imported = await importFrom([join(linux, "out")]);
    expect(listTree(imported.tree)).toEqual(tree);
  });

  test("of an installed folder of Debian's", async () => {
    const folder = debianFolders();
    const imported = await importFrom([join(folder, "usr/src/linux-headers-1-arm64")]);
    expect(listTree(imported.tree)).toEqual(tree);
  });

  test("of Debian's packages, together", async () => {
    const folder = debianFolders();
    const [arch, common] = ["linux-headers-1-arm64", "linux-headers-1-common"].map((name) =>
      packageOf(folder, name),
    );
    const imported = await importFrom([arch ?? "", common ?? ""]);
    expect(listTree(imported.tree)).toEqual(tree);
    expect(imported.origin).toBe("linux-headers-1-arm64.deb, linux-headers-1-common.deb");
    await expect(importFrom([arch ?? ""])).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("linux-headers-1-common, are not there"),
      hint: "Give the source tree (or the -common package) as another SOURCE.",
    });
  });

  test("of the CI's kernel-headers.tar.gz, which has all architectures", async () => {
    const folder = temporaryFolder();
    const headers = Object.fromEntries(
      Object.entries({ ...source, ...built }).filter(([name]) => name.endsWith(".h")),
    );
    cpSync(folderWith(headers), join(folder, "kernel-headers"), { recursive: true });
    const archive = join(temporaryFolder(), "kernel-headers.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", folder, "kernel-headers"]);
    const config = folderWith({ kernel_aarch64_dot_config: dotConfig });
    const imported = await importFrom([archive, join(config, "kernel_aarch64_dot_config")]);
    expect(listTree(imported.tree)).toEqual(tree);
  });
});

test("the same headers give the same archive, wherever and whenever they lie", async () => {
  const one = folderWith({ ...source, ...built });
  const other = join(temporaryFolder(), "elsewhere");
  renameSync(folderWith({ ...built, ...source, "include/linux/bpf.h": "int rebuilt;\n" }), other);
  utimesSync(join(other, "include/linux/kernel.h"), 1, 1);
  const digests = [(await importFrom([one])).digest, (await importFrom([other])).digest];
  expect(digests[0]).toBe(digests[1]);
});

test("configuration and symbol versions are kept where the other commands look for them", async () => {
  const { cache, entry, digest, found } = await importFrom([folderWith({ ...source, ...built })]);
  expect(found.map(({ what, from }) => [what, basename(from)]).slice(1)).toEqual([
    ["configuration", ".config"],
    ["Module.symvers", "Module.symvers"],
  ]);
  if (entry === undefined) throw new Error("the test expected an entry");
  expect((await keptConfig(cache, { digest, entry }))?.get("CONFIG_USB")).toBe("m");
  const kept = cachedSymvers(cache, entry);
  expect(kept?.symbols).toBe(2);
  expect(readFileSync(kept?.path ?? "", "utf8")).toBe(symvers);
});

test("a link in the tree stays, one to another file of it becomes that, and one out of it is refused", async () => {
  const folder = folderWith({ ...source, ...built });
  symlinkSync("kernel.h", join(folder, "include/linux/alias.h"));
  symlinkSync(join(folder, "drivers/net/tun.h"), join(folder, "include/linux/tun.h"));
  const { tree: imported } = await importFrom([folder]);
  expect(listTree(imported)).toEqual(
    expect.arrayContaining([
      "link include/linux/alias.h -> kernel.h",
      "file 444 include/linux/tun.h: int tun;\n",
    ]),
  );
  symlinkSync("/etc/hostname", join(folder, "include/linux/secret.h"));
  await expect(importFrom([folder])).rejects.toMatchObject({
    code: "file-refused",
    message: expect.stringContaining("secret.h is a link out of the kernel's tree"),
  });
});

test("a package cannot name folders of this machine", async () => {
  const common = folderWith(source);
  const folder = debianFolders(join(common, ".."));
  const arch = packageOf(folder, "linux-headers-1-arm64");
  renameSync(common, join(common, "../linux-headers-1-common"));
  const installed = join(common, "../linux-headers-1-common");
  try {
    await expect(importFrom([arch])).rejects.toMatchObject({ code: "usage" });
  } finally {
    renameSync(installed, common);
  }
});

test("a source tree that was not built says what is missing", async () => {
  await expect(importFrom([folderWith(source)], { cache: temporaryCache() })).rejects.toMatchObject({
    code: "no-headers",
    hint: expect.stringContaining("make modules_prepare"),
  });
});
