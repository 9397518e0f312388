import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type DiffOptions,
  summarizeKernelDiff,
  withKernelDiff,
  withWholeKernelDiff,
} from "../../../../host/compare/diff/diff-kernels.js";
import type { KernelDiff, PartName } from "../../../../host/compare/diff/kernel-diff.js";
import { adbServer, completePullOptions } from "../../../../host/pull/options.js";
import { symversName, withoutModules, writeSymvers } from "../../../../host/symvers/record.js";
import { KheadersError } from "../../../../shared/errors.js";
import type { ProgressEvent } from "../../../../shared/progress.js";
import { archiveOf, type Contents, temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { buildIdNamed, digestNamed, kernel, pullInto } from "../../../support/cache-kernels.js";
import { writeTree } from "../../../support/kernel-tree.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

/** A kernel, as its build makes it. */
interface Build {
  readonly name: string;
  readonly config: string;
  readonly headers: Contents;
  readonly btf: Buffer | undefined;
  readonly symvers: string | undefined;
}

const int = rawInt("int", 4);
const old: Build = {
  name: "old",
  config: "#define CONFIG_64BIT 1\n#define CONFIG_HZ 250\n",
  headers: { "include/linux/a.h": "int a;\n", "include/linux/gone.h": "int gone;\n" },
  btf: rawBtf([int, rawStruct("task", 4, [["x", 1, 0]])]),
  symvers: "0x00000001\tkfree\tvmlinux\tEXPORT_SYMBOL_GPL\t\n",
};
const now: Build = {
  name: "new",
  config: "#define CONFIG_64BIT 1\n#define CONFIG_HZ 1000\n",
  headers: { "include/linux/a.h": "long a;\n" },
  btf: rawBtf([int, rawStruct("task", 8, [["x", 1, 32]])]),
  symvers: "0x00000002\tkfree\tvmlinux\tEXPORT_SYMBOL_GPL\t\n",
};

let options: DiffOptions;
let events: ProgressEvent[];

beforeEach(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  events = [];
  const pulled = await completePullOptions({
    cache: temporaryCache(),
    offline: true,
    // Nobody listens there, and there is no adb to start.
    server: adbServer({ socket: "tcp:localhost:1" }, { PATH: temporaryFolder() }),
    onProgress: (event) => events.push(event),
  });
  options = { ...pulled, clang: "no-such-clang", names: { old: "6.1.57-old", new: "6.1.57-new" } };
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Puts a kernel into the cache, as one that ran on the serial `phone`; gives the digest of its archive. */
async function cached(build: Build): Promise<string> {
  const { name, config, headers, btf, symvers } = build;
  const { cache } = options;
  const identity = kernel({
    release: `6.1.57-${name}`,
    bootId: `boot-${name}`,
    buildId: buildIdNamed(name),
    configDigest: digestNamed(name),
  });
  const contents = {
    "include/generated/utsrelease.h": `#define UTS_RELEASE "6.1.57-${name}"\n`,
    "include/generated/autoconf.h": config,
    ...headers,
  };
  const tree = await pullInto(cache, { identity, serial: "phone", archive: () => archiveOf(contents) });
  const { entry } = tree;
  if (entry === undefined) throw new Error("it has no entry");
  if (symvers !== undefined)
    await cache.keepExtra(tree.digest, symversName(entry), async (folder) =>
      writeSymvers(folder, symvers, { ...withoutModules, symbols: 1, bytes: symvers.length }),
    );
  if (btf !== undefined)
    await cache.btf.keep(
      { kernel: identity, source: "built-in" },
      async (file) => writeFileSync(file, btf),
      undefined,
    );
  return tree.digest;
}

const all: readonly PartName[] = ["config", "headers", "types", "symbols"];
const diff = (parts: readonly PartName[] = all, names = options.names): Promise<KernelDiff> =>
  withKernelDiff(parts, { ...options, names }, async (found) => found);
const releases = async (names: DiffOptions["names"]) => {
  const found = await diff([], names);
  return [found.old.kernel.release, found.new.kernel.release];
};

describe("two kernels", () => {
  it("differ in options, headers, types and symbols", async () => {
    const digest = await cached(old);
    await cached(now);
    const found = await diff();
    expect(found.old).toMatchObject({ name: "6.1.57-old", digest, kernel: { release: "6.1.57-old" } });
    expect(found.config?.diff?.options).toEqual([{ option: "CONFIG_HZ", old: "250", new: "1000" }]);
    expect(found.headers?.diff?.files).toEqual([
      { path: "include/generated/autoconf.h", change: "changed" },
      { path: "include/generated/utsrelease.h", change: "changed" },
      { path: "include/linux/a.h", change: "changed" },
      { path: "include/linux/gone.h", change: "removed" },
    ]);
    expect(found.types?.diff?.types).toMatchObject([{ name: "task", oldSize: 4, newSize: 8 }]);
    expect(found.types?.diff?.from).toEqual({ old: "device", new: "device" });
    expect(found.symbols?.diff?.symbols).toEqual([{ name: "kfree", old: 1, new: 2 }]);
  });

  it("are compared only in what is asked for", async () => {
    await cached(old);
    await cached(now);
    expect(await diff(["config"])).toMatchObject({
      config: { diff: {} },
      headers: undefined,
      types: undefined,
      symbols: undefined,
    });
  });

  it("are named by folder, digest, release, or the serial of a device that is not connected", async () => {
    const digest = await cached(old);
    await cached(now);
    const folder = writeTree(temporaryFolder(), { release: "6.1.57-folder" });
    expect(await releases({ old: folder, new: digest.slice(0, 12) })).toEqual([
      "6.1.57-folder",
      "6.1.57-old",
    ]);
    const { tree } = (await diff([])).new;
    expect(await releases({ old: tree, new: "6.1.57-old" })).toEqual(["6.1.57-new", "6.1.57-old"]);
    expect(await releases({ old: digest, new: "phone" })).toEqual(["6.1.57-old", "6.1.57-new"]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "notice", message: expect.stringContaining("phone is not connected") }),
    );
    await expect(releases({ old: digest, new: "nobody" })).rejects.toMatchObject({ code: "not-cached" });
  });
});

describe("a part that cannot be compared", () => {
  it("is an error if it was asked for", async () => {
    await cached({ ...old, btf: undefined, symvers: undefined });
    await cached(now);
    await expect(diff(["types"])).rejects.toMatchObject({ code: "tool-missing" });
    await expect(diff(["symbols"])).rejects.toMatchObject({
      code: "no-symbol-versions",
      message: expect.stringContaining("6.1.57-old"),
    });
  });

  it("is unknown in a summary, with the reason, and tried again", async () => {
    await cached({ ...old, btf: undefined, symvers: undefined });
    const digest = await cached(now);
    const { summary } = await summarizeKernelDiff(options);
    expect(summary.config.diff).toMatchObject({ added: 0, removed: 0, changed: 1 });
    expect(summary.types.unknown).toContain("no-such-clang");
    expect(summary.symbols.unknown).toContain("no symbol versions of this kernel are cached");
    expect(keptIn(digest)).toEqual([]);
  });
});

/** The summaries that are kept beside a tree. */
function keptIn(digest: string): string[] {
  try {
    return readdirSync(join(options.cache.dir, "extras", digest)).filter((name) => name.startsWith("diff-"));
  } catch {
    return [];
  }
}

describe("a summary", () => {
  it("counts, with examples, and is kept beside the new kernel's tree", async () => {
    await cached(old);
    const digest = await cached(now);
    const first = await summarizeKernelDiff(options);
    expect(first.summary).toMatchObject({
      config: { diff: { added: 0, removed: 0, changed: 1, options: [{ option: "CONFIG_HZ" }] } },
      headers: { diff: { added: 0, removed: 1, changed: 3, folders: [{ folder: "include/generated" }, {}] } },
      types: { diff: { changed: 1, grown: 1, shrunk: 0, same: 0 } },
      symbols: { diff: { changed: 1 } },
    });
    const [kept = ""] = keptIn(digest);
    const again = await summarizeKernelDiff(options);
    expect(again.summary).toEqual(first.summary);
    expect(keptIn(digest)).toEqual([kept]);
    // What is kept is what is shown: it was not compared again.
    const file = join(options.cache.dir, "extras", digest, kept);
    writeFileSync(
      file,
      JSON.stringify({ format: 1, summary: { ...first.summary, config: { unknown: "kept" } } }),
    );
    expect((await summarizeKernelDiff(options)).summary.config).toEqual({ unknown: "kept" });
    // Damage is noticed.
    writeFileSync(file, "{");
    expect((await summarizeKernelDiff(options)).summary).toEqual(first.summary);
  });

  it("is another one when symbol versions came, or the other kernel is the new one", async () => {
    await cached({ ...old, symvers: undefined });
    const digest = await cached(now);
    expect((await summarizeKernelDiff(options)).summary.symbols.diff).toBeUndefined();
    const before = await cached(old);
    expect((await summarizeKernelDiff(options)).summary.symbols.diff).toMatchObject({ changed: 1 });
    expect(keptIn(digest)).toHaveLength(2);
    const names = { old: "6.1.57-new", new: "6.1.57-old" };
    const { summary } = await summarizeKernelDiff({ ...options, names });
    expect(summary.headers.diff).toMatchObject({ added: 1, removed: 0 });
    expect(keptIn(before)).toHaveLength(1);
  });
});

describe("a summary that does not serve, or cannot be kept,", () => {
  it("is made again by another version of the program", async () => {
    await cached(old);
    const digest = await cached(now);
    const { summary } = await summarizeKernelDiff(options);
    vi.stubGlobal("KHEADERS_VERSION", "1.2.4");
    expect((await summarizeKernelDiff(options)).summary).toEqual(summary);
    expect(keptIn(digest)).toHaveLength(2);
  });

  it("is shown, with a warning, if the disk is full", async () => {
    await cached(old);
    const digest = await cached(now);
    const isFull = new KheadersError("disk-full", "no space is left");
    vi.spyOn(options.cache, "keepExtra").mockRejectedValue(isFull);
    const { summary } = await summarizeKernelDiff(options);
    expect(summary.headers.diff).toMatchObject({ removed: 1 });
    expect(keptIn(digest)).toEqual([]);
    const message = "the summary is not kept: no space is left";
    expect(events).toContainEqual({ type: "warning", message });
  });
});

describe("the whole comparison of two kernels", () => {
  it("has all parts, and says why one could not be compared", async () => {
    await cached({ ...old, symvers: undefined });
    await cached(now);
    await withWholeKernelDiff(options, async (diff, summary) => {
      expect(diff.config?.diff?.options.map(({ option }) => option)).toEqual(["CONFIG_HZ"]);
      expect(diff.headers?.diff?.files).toContainEqual({ path: "include/linux/gone.h", change: "removed" });
      expect(diff.types?.diff?.types.map(({ name }) => name)).toEqual(["task"]);
      expect(diff.symbols?.unknown).toMatch(/6\.1\.57-old/);
      expect(summary.headers.diff).toMatchObject({ removed: 1 });
    });
  });
});
