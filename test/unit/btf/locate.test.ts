import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cachedBtf } from "../../../host/btf/cached.js";
import { type BtfOptions, withBtf } from "../../../host/btf/locate.js";
import { vmlinuxHeader, withVmlinuxH } from "../../../host/btf/vmlinux-h.js";
import { completePullOptions } from "../../../host/pull/options.js";
import { withTree } from "../../../host/pull/tree/locate.js";
import type { KernelIdentity } from "../../../shared/identity.js";
import { btfFile } from "../../support/btf-file.js";
import { archiveOf, type Contents, temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { writeFakeClang } from "../../support/fake-clang.js";
import { fakeProgram } from "../../support/fake-program.js";
import { writeTree } from "../../support/kernel-tree.js";

const contents = {
  "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57"\n',
  "include/generated/autoconf.h": "#define CONFIG_64BIT 1\n",
};

let options: BtfOptions;

beforeEach(async () => {
  const pulled = await completePullOptions({ cache: temporaryCache() });
  const clang = writeFakeClang(temporaryFolder(), { clangBody: 'cat >"$out"' });
  options = { ...pulled, from: undefined, clang };
  fakeProgram("pahole", `echo made >"\${2#--btf_encode_detached=}"`);
});
afterEach(() => vi.unstubAllEnvs());

/** Puts a kernel's headers into the cache; gives their digest. */
async function pulled(more: Contents = {}): Promise<string> {
  const pull = { identity: kernel(), serial: "one", archive: () => archiveOf({ ...contents, ...more }) };
  return (await pullInto(options.cache, pull)).digest;
}

/** Keeps the BTF that a kernel has itself. */
async function kept(changes: Partial<KernelIdentity> = {}, source: "built-in" | "file" = "built-in") {
  const make = async (file: string) => writeFileSync(file, btfFile());
  await options.cache.btf.keep({ kernel: kernel(changes), source }, make, undefined);
}

const located = (what: string, from?: BtfOptions["from"]) =>
  withBtf(what, { ...options, from }, async (btf) => ({ ...btf, content: readFileSync(btf.path) }));

describe("the BTF of a tree's kernel", () => {
  it("is the kernel's own if it is cached, also after the headers came", async () => {
    await kept();
    const digest = await pulled();
    const own = await located(digest);
    expect(own).toMatchObject({ from: "device", cache: "hit", content: btfFile(), made: undefined });
    expect(own.architecture?.machine).toBe("aarch64");
    expect(await located(digest, "device")).toMatchObject({ path: own.path });
    expect(await located(digest, "headers")).toMatchObject({ from: "headers", cache: "miss" });
  });

  it("is that of a file that was imported, if the device's is not wanted or not there", async () => {
    await kept({}, "file");
    const digest = await pulled();
    expect(await located(digest)).toMatchObject({ from: "file" });
    expect(await located(digest, "file")).toMatchObject({ from: "file" });
    await expect(located(digest, "device")).rejects.toMatchObject({ code: "not-cached" });
  });

  it("is named by its own digest, too, for a kernel without headers", async () => {
    await kept();
    const [entry] = options.cache.btf.entries();
    expect(await located(entry?.digest.slice(0, 12) ?? "")).toMatchObject({
      from: "device",
      content: btfFile(),
    });
    await expect(located(entry?.digest ?? "", "headers")).rejects.toMatchObject({ code: "not-cached" });
  });

  it("is made from the headers otherwise, and never that of another build", async () => {
    await kept({ buildId: undefined, configDigest: undefined });
    await kept({ version: "#2 SMP PREEMPT Tue Jan 16 09:30:00 UTC 2024" });
    const made = await located(await pulled());
    expect(made).toMatchObject({ from: "headers", release: "6.1.57", content: Buffer.from("made\n") });
  });

  it("is not made unasked of headers whose structs the kernel shuffled", async () => {
    const autoconf = "#define CONFIG_64BIT 1\n#define CONFIG_RANDSTRUCT 1\n";
    const digest = await pulled({ "include/generated/autoconf.h": autoconf });
    await expect(located(digest)).rejects.toMatchObject({
      code: "no-btf",
      message: expect.stringContaining("CONFIG_RANDSTRUCT"),
    });
    const onProgress = vi.fn();
    const made = await withBtf(digest, { ...options, from: "headers", onProgress }, async ({ from }) => from);
    expect(made).toBe("headers");
    const message: unknown = expect.stringContaining("CONFIG_RANDSTRUCT");
    expect(onProgress).toHaveBeenCalledWith({ type: "warning", message });
  });

  it("of a folder outside the cache is gone afterwards", async () => {
    const { path, keep } = await located(writeTree(temporaryFolder()));
    expect([existsSync(path), keep]).toEqual([false, undefined]);
  });

  it("is known without asking anybody once it is cached", async () => {
    const digest = await pulled();
    const known = () => withTree(digest, options, async (tree) => cachedBtf(tree, options.cache));
    expect(await known()).toBeUndefined();
    const { path } = await located(digest);
    expect(await known()).toBe(path);
    await kept();
    expect(readFileSync((await known()) ?? "")).toEqual(btfFile());
  });
});

describe("vmlinux.h", () => {
  const header = (what: string, changes: Partial<BtfOptions> = {}) =>
    withBtf(what, { ...options, ...changes }, (btf) =>
      withVmlinuxH(btf, { ...options, ...changes }, async (folder) => {
        const path = vmlinuxHeader(folder);
        return { path, text: readFileSync(path, "utf8") };
      }),
    );

  it("is made once by bpftool, of the BTF that it lies beside", async () => {
    fakeProgram("bpftool", `echo "/* $* */"`);
    const digest = await pulled();
    const made = await header(digest);
    expect(made.text).toMatch(/^\/\* btf dump file \/\S+\/vmlinux\.btf format c \*\/\n$/);
    fakeProgram("bpftool", "echo newer");
    expect(await header(digest)).toEqual(made);
    await kept();
    const own = await header(digest);
    expect(own).toMatchObject({ text: "newer\n" });
    expect(own.path).not.toBe(made.path);
    fakeProgram("bpftool", "echo newest");
    expect(await header(digest, { refresh: true })).toEqual({ path: own.path, text: "newest\n" });
  });

  it("is told if bpftool makes none", async () => {
    fakeProgram("bpftool", 'echo "libbpf: no types" >&2');
    await expect(header(await pulled())).rejects.toMatchObject({
      code: "compile-failed",
      message: "bpftool does not make a vmlinux.h: libbpf: no types",
    });
  });

  it("of a folder outside the cache is gone afterwards", async () => {
    fakeProgram("bpftool", "echo made");
    const { path, text } = await header(writeTree(temporaryFolder()));
    expect([text, existsSync(path)]).toEqual(["made\n", false]);
  });
});
