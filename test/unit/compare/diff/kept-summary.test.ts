import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keepSummary, keptSummary } from "../../../../host/compare/diff/kept-summary.js";
import type { DiffSummary } from "../../../../host/compare/diff/summary.js";
import { archiveOf, temporaryCache } from "../../../support/cache-fixture.js";
import { kernel, pullInto } from "../../../support/cache-kernels.js";

const unknown = { unknown: "it was not asked for" };
const summary: DiffSummary = { config: unknown, headers: unknown, types: unknown, symbols: unknown };
const { signal } = new AbortController();

async function withTree() {
  const cache = temporaryCache();
  const archive = () => archiveOf({ "include/a.h": "int a;\n" });
  const { digest } = await pullInto(cache, { identity: kernel({}), serial: "phone", archive });
  return { cache, digest };
}

describe("a summary that is kept", () => {
  it("is that of its key alone", async () => {
    const { cache, digest } = await withTree();
    await keepSummary({ cache, signal }, digest, "key", summary);
    expect(keptSummary(cache, digest, "key")).toEqual(summary);
    expect(keptSummary(cache, digest, "other")).toBeUndefined();
  });

  it("is not kept for a folder outside of the cache", async () => {
    const { cache, digest } = await withTree();
    await keepSummary({ cache, signal }, digest, undefined, summary);
    await keepSummary({ cache, signal }, undefined, "key", summary);
    expect(keptSummary(cache, digest, undefined)).toBeUndefined();
    expect(keptSummary(cache, undefined, "key")).toBeUndefined();
  });

  it.each([
    ["empty", ""],
    ["cut short", '{"format":1,"summ'],
    ["zeros, as after a power cut", "\0".repeat(100)],
    ["nothing", "null"],
    ["of another format", JSON.stringify({ format: 2, summary })],
    ["larger than any", JSON.stringify({ format: 1, summary, more: "x".repeat(64 * 1024) })],
  ])("is as none if it is %s", async (_, content) => {
    const { cache, digest } = await withTree();
    await keepSummary({ cache, signal }, digest, "key", summary);
    writeFileSync(cache.extra(digest, "diff-key.json") ?? "", content);
    expect(keptSummary(cache, digest, "key")).toBeUndefined();
    await keepSummary({ cache, signal }, digest, "key", summary);
    expect(keptSummary(cache, digest, "key")).toEqual(summary);
  });
});
