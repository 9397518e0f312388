import { describe, expect, it } from "vitest";
import { makeEntry } from "../../../../host/cache/kernels/entry.js";
import { type OfflineSelector, selectEntry } from "../../../../host/pull/tree/offline.js";
import { digestNamed, kernel } from "../../../support/cache-kernels.js";

const entry = (release: string, fingerprint: string, archive: string) =>
  makeEntry({
    kernel: kernel({ release, fingerprint }),
    digest: digestNamed(archive),
    bytes: 4_000_000,
    source: "module",
    created: new Date("2026-01-01T00:00:00Z"),
    tool: "1.2.3",
  });

const phone = entry("6.1.57", "acme/phone", "one archive");
const tablet = entry("6.1.57", "acme/tablet", "another archive");
const sameArchive = entry("6.1.58", "acme/phone", "one archive");
const select = (selector: OfflineSelector) => selectEntry([phone, tablet], selector);

describe("selectEntry", () => {
  it("takes the entry that a fingerprint, a release or the beginning of a digest names", () => {
    expect(select({ fingerprint: "acme/tablet" })).toBe(tablet);
    expect(select({ fingerprint: "acme/phone", release: "6.1.57" })).toBe(phone);
    expect(select({ digest: tablet.digest.slice(0, 12) })).toBe(tablet);
  });

  it("takes entries of one archive for one", () => {
    expect(selectEntry([phone, sameArchive], { fingerprint: "acme/phone" }).digest).toBe(phone.digest);
  });

  it("lists the entries if several archives fit", () => {
    expect(() => select({ release: "6.1.57" })).toThrow(
      expect.objectContaining({
        code: "several-kernels",
        message: expect.stringMatching(/acme\/phone\n.*acme\/tablet$/),
      }),
    );
  });

  it("takes no entry that something contradicts", () => {
    expect(() => select({ fingerprint: "acme/phone", digest: tablet.digest })).toThrow(
      expect.objectContaining({ code: "not-cached" }),
    );
  });

  it.each(["3f78685", "3F786850E387", "g".repeat(12), "0".repeat(65)])("refuses %s as a digest", (digest) => {
    expect(() => select({ digest })).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
