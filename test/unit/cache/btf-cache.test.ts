import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { BtfCache } from "../../../host/cache/btf-cache.js";
import { openCache } from "../../../host/cache/index.js";
import type { KernelIdentity } from "../../../shared/identity.js";
import { btfFile } from "../../support/btf-file.js";
import { archiveOf, leftoversIn, temporaryCache } from "../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto, required } from "../../support/cache-kernels.js";

const serial = "R5CT30ABCDE";
const asked = { asked: "facts-as-root", rootPossible: false, trustRelease: false } as const;

function keep(btf: BtfCache, identity: KernelIdentity, content = btfFile()) {
  const make = async (file: string) => writeFileSync(file, content);
  return btf.keep({ kernel: identity, source: "built-in", seen: { serial, identity } }, make, undefined);
}

describe("the BTF of a kernel", () => {
  it("is kept without headers, under its digest, and read-only", async () => {
    const cache = temporaryCache();
    const entry = await keep(cache.btf, kernel());
    const file = required(cache.btf.open(entry));
    expect(readFileSync(file)).toEqual(btfFile());
    expect(entry.digest).toBe(createHash("sha256").update(btfFile()).digest("hex"));
    expect(path.relative(cache.dir, file)).toBe(`btf/archives/${entry.digest}.btf`);
    expect(leftoversIn(path.join(cache.dir, "btf"))).toEqual([]);
    expect(cache.entries()).toEqual([]);
  });

  it("serves by the rule by which headers serve", async () => {
    const { btf } = temporaryCache();
    const identity = kernel({ configDigest: undefined });
    const { id } = await keep(btf, identity);
    const outcome = (changes: Partial<KernelIdentity>, on = serial) =>
      btf.serving(kernel({ configDigest: undefined, ...changes }), on, asked);
    expect(outcome({ buildId: undefined })).toMatchObject({ outcome: "hit", proof: "boot", entry: { id } });
    expect(outcome({ bootId: undefined })).toMatchObject({ outcome: "hit", proof: "build-id" });
    expect(outcome({ buildId: buildIdNamed("other") })).toMatchObject({ outcome: "miss" });
    expect(outcome({ bootId: undefined, buildId: undefined }, "another")).toMatchObject({ outcome: "miss" });
  });

  it("is missed if it was cut short", async () => {
    const { btf } = temporaryCache();
    const entry = await keep(btf, kernel());
    const file = required(btf.open(entry));
    chmodSync(file, 0o644);
    truncateSync(file, 10);
    expect(btf.open(entry)).toBeUndefined();
    await keep(btf, kernel());
    expect(readFileSync(required(btf.open(entry)))).toEqual(btfFile());
  });

  it("leaves nothing if it could not be read", async () => {
    const cache = temporaryCache();
    const make = async (file: string) => {
      writeFileSync(file, "half of it");
      throw new Error("the cable was pulled");
    };
    const about = { kernel: kernel(), source: "built-in" } as const;
    await expect(cache.btf.keep(about, make, undefined)).rejects.toThrow("the cable was pulled");
    expect(leftoversIn(path.join(cache.dir, "btf"))).toEqual([]);
    expect(cache.btf.entries()).toEqual([]);
  });

  it("has beside it what was made of it, until it is removed", async () => {
    const { btf } = temporaryCache();
    const { digest } = await keep(btf, kernel());
    const made = await btf.keepExtra(digest, "vmlinux-h-1", async (file) => writeFileSync(file, "struct x;"));
    expect(readFileSync(made, "utf8")).toBe("struct x;");
  });

  it("is no business of the headers of a cache, whose versions without BTF see the cache as it was", async () => {
    const cache = temporaryCache();
    await keep(cache.btf, kernel());
    const pull = { identity: kernel(), serial, archive: () => archiveOf() };
    expect(await pullInto(cache, pull)).toMatchObject({ hit: false });
    expect(readdirSync(path.join(cache.dir, "entries")).length).toBe(1);
    expect(existsSync(path.join(cache.dir, "extras"))).toBe(false);
    // Without the file that has the format number, only what is known may be there.
    writeFileSync(path.join(cache.dir, "format"), "");
    expect(openCache({ dir: cache.dir, tool: "1.2.3" }).btf.entries().length).toBe(1);
  });
});

describe("upkeep", () => {
  async function cacheWithBoth() {
    const cache = temporaryCache();
    const entry = await keep(cache.btf, kernel());
    const pull = { identity: kernel({ release: "5.10.9" }), serial, archive: () => archiveOf() };
    const headers = await pullInto(cache, pull);
    return { cache, entry, headers, file: required(cache.btf.open(entry)) };
  }

  it("lists and counts it beside the headers", async () => {
    const { cache, entry } = await cacheWithBoth();
    const { kernels, btf } = await cache.list();
    expect([kernels.length, btf.map((each) => each.entry.id)]).toEqual([1, [entry.id]]);
    expect(btf[0]?.serials).toEqual([serial]);
    expect(await cache.info()).toMatchObject({ kernels: 1, trees: 1, btf: 1, btfBytes: btfFile().length });
  });

  it("removes it by digest, release, or with all", async () => {
    const { cache, entry, headers, file } = await cacheWithBoth();
    expect(await cache.digestsMatching(entry.digest.slice(0, 12))).toEqual([entry.digest]);
    expect(await cache.digestsMatching(entry.kernel.release)).toEqual([entry.digest]);
    expect(await cache.remove([entry.digest])).toMatchObject({ removed: [{ digest: entry.digest }] });
    expect([existsSync(file), existsSync(headers.tree)]).toEqual([false, true]);
    await keep(cache.btf, kernel());
    expect((await cache.remove("all")).removed.length).toBe(2);
    expect([existsSync(file), existsSync(headers.tree)]).toEqual([false, false]);
  });

  it("keeps it while it is leased", async () => {
    const { cache, entry, file } = await cacheWithBoth();
    const lease = await cache.btf.acquireLease(entry.digest);
    expect(await cache.remove([entry.digest])).toMatchObject({ removed: [], inUse: [entry.digest] });
    lease.release();
    expect(existsSync(file)).toBe(true);
  });

  it("prunes it by age, and by size after the headers", async () => {
    const { cache, entry, headers, file } = await cacheWithBoth();
    const old = new Date(Date.now() - 10 * 24 * 3_600_000);
    utimesSync(headers.archive, old, old);
    const bySize = await cache.prune({ maxBytes: (await cache.info()).bytes - 1, grace: 0 });
    expect(bySize.removed.map(({ digest }) => digest)).toEqual([headers.digest]);
    utimesSync(file, old, old);
    const byAge = await cache.prune({ olderThan: 24 * 3_600_000 });
    expect(byAge.removed.map(({ digest }) => digest)).toEqual([entry.digest]);
    expect(cache.btf.entries()).toEqual([]);
  });

  it("finds damage in it, and removes what is damaged", async () => {
    const { cache, entry, file } = await cacheWithBoth();
    expect(await cache.verify({ repair: false })).toMatchObject({ checked: 2, problems: [] });
    chmodSync(file, 0o644);
    writeFileSync(file, btfFile("net"));
    const problem = { what: "btf", path: file, detail: "does not match the digest in its name" };
    const found = await cache.verify({ repair: false });
    expect(found.problems).toEqual([{ ...problem, outcome: "found" }]);
    const repaired = await cache.verify({ repair: true });
    expect(repaired.problems).toEqual([{ ...problem, outcome: "removed" }]);
    expect(cache.btf.open(entry)).toBeUndefined();
    expect(await cache.verify({ repair: true })).toMatchObject({ checked: 1, problems: [] });
  });
});
