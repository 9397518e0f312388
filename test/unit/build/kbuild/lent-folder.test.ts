import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeDifferences, lentFolder } from "../../../../host/build/kbuild/lent-folder.js";
import { findKbuildSource } from "../../../../host/build/kbuild/source.js";
import { readTreeFacts } from "../../../../host/kernel/tree-facts.js";
import type { LocatedTree } from "../../../../host/pull/tree/locate.js";
import type { ProgressEvent } from "../../../../shared/progress.js";
import { archiveOf, type Contents, temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { kernel, pullInto, required } from "../../../support/cache-kernels.js";
import { elfHeader, elfMachines } from "../../../support/elf-header.js";

const headers: Contents = {
  "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57-android14-11"\n',
  "include/generated/autoconf.h":
    '#define CONFIG_64BIT 1\n#define CONFIG_NLS_MODULE 1\n#define CONFIG_EVIL "$(shell id)"\n',
  "include/linux/kconfig.h": "",
  "arch/arm64/include/asm/page.h": "int page;\n",
};

const { signal } = new AbortController();

/** A kernel's headers in a cache, and what is found when they are built with `source`. */
async function setUp(contents: Contents = headers) {
  const cache = temporaryCache();
  const { tree, entry } = await pullInto(cache, {
    identity: kernel(),
    serial: "R5CT30ABCDE",
    archive: () => archiveOf(contents),
  });
  const located: LocatedTree = { from: "cache", tree, digest: required(entry).digest, entry };
  const events: ProgressEvent[] = [];
  const facts = readTreeFacts(tree);
  const lend = (source: string) =>
    lentFolder(located, facts, findKbuildSource(source), {
      cache,
      variables: [],
      signal,
      onProgress: (event) => void events.push(event),
      onOutput: () => undefined,
    });
  return { tree, facts, lend, events };
}

const ownMachine = process.arch === "arm64" ? elfMachines.aarch64 : elfMachines.x86_64;

/** A folder in which modules can be built, as far as its files tell. */
function prepared(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = temporaryFolder();
  const all = {
    Makefile: "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 57\n",
    "scripts/Makefile.build": "",
    "scripts/module.lds": "",
    "scripts/basic/fixdep": elfHeader(ownMachine),
    "scripts/mod/modpost": elfHeader(ownMachine),
    "arch/arm64/Makefile": "",
    "arch/arm64/include/asm/page.h": "int page;\n",
    "include/linux/sched.h": "struct task_struct { int pid; };\n",
    "include/linux/stranger.h": "",
    "Module.symvers": "0x00000001\tone\tvmlinux\tEXPORT_SYMBOL\t\n",
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

describe("a folder with a build system that was lent", () => {
  it("has the source's Makefiles and programs, and the kernel's headers alone", async () => {
    const { tree, lend, events } = await setUp();
    const { path, version } = await lend(prepared());
    expect(version).toEqual({ series: "6.1", patchLevel: 57 });
    expect(dirname(path)).not.toContain(tree);
    for (const name of ["Makefile", "scripts/mod/modpost", "arch/arm64/Makefile", "include/linux/sched.h"])
      expect(existsSync(join(path, name)), name).toBe(true);
    for (const name of ["include/linux/stranger.h", "Module.symvers"])
      expect(existsSync(join(path, name)), name).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ stage: "preparing-source" }));
  });

  it("has the kernel's release and configuration, and nothing in it that make would run", async () => {
    const { lend } = await setUp({
      ...headers,
      "include/config/auto.conf": "$(shell id)\n",
      Makefile: "all:\n\tid\n",
    });
    const { path } = await lend(prepared());
    const read = (name: string) => readFileSync(join(path, name), "utf8");
    expect(read("include/config/kernel.release")).toBe("6.1.57-android14-11\n");
    expect(read("include/config/auto.conf")).toBe("CONFIG_64BIT=y\nCONFIG_NLS=m\n");
    expect(read("Makefile")).toContain("VERSION = 6");
  });

  it("is made once a source, and tells again what differs", async () => {
    const { lend, events } = await setUp();
    const source = prepared({ "include/linux/sched.h": "struct task_struct { long pid; };\n" });
    const first = await lend(source);
    events.length = 0;
    expect(await lend(source)).toEqual(first);
    expect(events).toEqual([]);
    expect(first.differingHeaders).toContain("include/linux/sched.h");
    expect((await lend(prepared())).path).not.toBe(first.path);
  });

  it("keeps the archive's own Makefiles, with programs of the source in the place of those that do not run here", async () => {
    const foreign = elfHeader(ownMachine === elfMachines.x86_64 ? elfMachines.aarch64 : elfMachines.x86_64);
    const { lend } = await setUp({
      ...headers,
      Makefile: "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 57\n# own\n",
      "scripts/Makefile.build": "# own\n",
      "arch/arm64/Makefile": "# own\n",
      "include/config/auto.conf": "CONFIG_OWN=y\n",
      "scripts/mod/modpost*": foreign.toString("latin1"),
    });
    const { path } = await lend(prepared());
    expect(readFileSync(join(path, "Makefile"), "utf8")).toContain("# own");
    expect(readFileSync(join(path, "include/config/auto.conf"), "utf8")).toBe("CONFIG_OWN=y\n");
    expect(readFileSync(join(path, "scripts/mod/modpost"))).toEqual(elfHeader(ownMachine));
  });

  it.each([
    [
      "of another series",
      { Makefile: "VERSION = 5\nPATCHLEVEL = 15\nSUBLEVEL = 3\n" },
      "usage",
      /is of Linux 5\.15\.3, and the kernel 6\.1\.57-android14-11 is 6\.1\.57$/,
    ],
    [
      "of another machine",
      { "scripts/mod/modpost": elfHeader(elfMachines.riscv) },
      "tool-missing",
      /were made for riscv64 and do not run/,
    ],
  ])("is not lent by a source %s", async (_, files, code, message) => {
    const { lend } = await setUp();
    await expect(lend(prepared(files))).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("is not lent by a folder that was prepared for another architecture", async () => {
    const { lend } = await setUp({ ...headers, "arch/riscv/include/asm/page.h": "" });
    const folder = temporaryFolder();
    writeFileSync(join(folder, "Makefile"), "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 57\n");
    await expect(lend(folder)).rejects.toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringContaining("neither a kernel source nor prepared"),
      }),
    );
  });

  it("is not made for a kernel whose release a shell would run", async () => {
    const release = '#define UTS_RELEASE "6.1;id"\n';
    const { lend } = await setUp({ ...headers, "include/generated/utsrelease.h": release });
    await expect(lend(prepared())).rejects.toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining('called "6.1;id"') }),
    );
  });
});

describe("what differs between a kernel and a source", () => {
  const facts = { tree: "/no/such", release: "6.1.57" };
  const same = { series: "6.1", patchLevel: 57 };

  it("is nothing", () => {
    expect(describeDifferences({ version: same, differingHeaders: [] }, facts)).toBeUndefined();
  });

  it("is told in one sentence", () => {
    const version = { series: "6.1", patchLevel: 192 };
    expect(describeDifferences({ version, differingHeaders: [] }, facts)).toBe(
      "the kernel is Linux 6.1.57, and the build system is from 6.1.192",
    );
    expect(describeDifferences({ version, differingHeaders: ["include/a.h", "include/b.h"] }, facts)).toBe(
      "the kernel is Linux 6.1.57, and the build system is from 6.1.192: 2 headers differ, such as include/a.h. Modules are built with the kernel's own",
    );
    expect(describeDifferences({ version: same, differingHeaders: ["include/a.h"] }, facts)).toContain(
      "is not quite the kernel's: its header include/a.h differs",
    );
  });
});
