import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { archiveOf, leftoversIn, listTree, temporaryCache, treeOf } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";

becomeOrdinaryUser();

const hostile: [name: string, text: string][] = [
  ["a path upwards", "../../x"],
  ["an absolute path", "/etc/passwd"],
  ["nothing", ""],
  ["a dot", "."],
  ["64 KiB", "x".repeat(65_536)],
  ["invalid UTF-8, as it is decoded", Buffer.from([0x61, 0xff, 0xfe, 0xc0, 0x80]).toString("utf8")],
  ["a lone surrogate", "\ud800"],
  ["ANSI escapes", "\u001b[2J\u001b]0;title\u0007"],
  ["NUL and newlines", "a\0b\nc\r"],
  ["a name of ours", "__proto__"],
];

/** All paths below a folder. */
function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" });
}

test.each(hostile)(
  "strings from a device that are %s become no path, and tell kernels apart",
  async (_name, text) => {
    const cache = temporaryCache();
    const beside = path.dirname(cache.dir);
    const identity = kernel({ fingerprint: text, release: text, version: text, machine: text, bootId: text });
    const opened = await pullInto(cache, { identity, serial: text, archive: () => archiveOf() });
    expect(listTree(opened.tree)).toEqual(treeOf());
    expect(readdirSync(beside)).toEqual(["cache"]);
    for (const file of pathsIn(cache.dir)) {
      expect(file).toMatch(/^[a-z0-9][a-zA-Z0-9/._-]*$/);
      expect(path.basename(file).length).toBeLessThan(100);
      expect(statSync(path.join(cache.dir, file)).isDirectory() || file.length > 0).toBe(true);
    }
    expect(leftoversIn(cache.dir)).toEqual([]);

    const never = () => {
      throw new Error("the archive was asked for, though the kernel is cached");
    };
    expect((await pullInto(cache, { identity, serial: text, archive: never })).hit).toBe(true);
    expect(cache.entriesFor(identity)).toHaveLength(1);
    expect(cache.findBoot(text, text)?.kernel.fingerprint).toBe(text);
    expect(cache.lastSeen(text)?.release).toBe(text);
    expect(cache.entriesFor({ fingerprint: `${text} `, release: text })).toEqual([]);
    expect(cache.entriesFor({ fingerprint: text, release: `${text} ` })).toEqual([]);
    expect(await cache.digestsMatching("../../x")).toHaveLength(text === "../../x" ? 1 : 0);
  },
);

test("two strings that only look alike when put together are two keys", async () => {
  const cache = temporaryCache();
  const identity = kernel({ fingerprint: "a,b", release: "c" });
  await pullInto(cache, { identity, serial: "serial", archive: () => archiveOf() });
  expect(cache.entriesFor({ fingerprint: "a", release: "b,c" })).toEqual([]);
  expect(cache.entriesFor({ fingerprint: 'a","b', release: "c" })).toEqual([]);
});
