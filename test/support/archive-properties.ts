import fc from "fast-check";
import { expect } from "vitest";
import { archiveLimits } from "../../host/archive/limits.js";
import { ArchiveReader, type Member } from "../../host/archive/reader.js";
import { decodeXz } from "../../host/archive/xz/decode.js";
import { KheadersError } from "../../shared/errors.js";
import { mutations, tarMutations } from "./mutations.js";
import { links, staysInside, trees } from "./random-trees.js";
import { kept } from "./read-tar.js";
import { file, folder, link, tar } from "./tar-builder.js";
import { inPieces, xz } from "./xz.js";

/** What holds for every archive. The unit tests try each property a few hundred times, `npm run fuzz` for long. */
export const archiveProperties = {
  /** An archive of allowed entries gives just these. */
  roundTrip: fc.property(trees(), pieces(), (tree, size) => {
    const { entries, failure } = readAll(tarOf(tree), size);
    expect(failure).toBeUndefined();
    expect(entries.map(comparable)).toEqual(tree.map(comparable));
  }),

  /** Whatever is done to an archive: no entry leads out of the tree, and the only errors are refusals. */
  mutatedTar: fc.property(
    trees(),
    fc.array(tarMutations(), { maxLength: 4 }),
    pieces(),
    (tree, changes, size) => {
      const bytes = changes.reduce((changed, change) => change(changed), tarOf(tree));
      const { entries, failure } = readAll(bytes, size);
      expectInside(entries);
      if (failure === undefined) expectLinksInside(entries);
    },
  ),

  /**
   * Links are all given if, and only if, none of them leaves the tree when all of them are there; if some are left out, the
   * others stay inside without them.
   */
  links: fc.property(fc.uniqueArray(links(), { selector: ({ path }) => path, maxLength: 5 }), (made) => {
    const { entries, failure } = readAll(tarOf(made), 65_536);
    const given = entries.filter(({ type }) => type === "link");
    const areAllGiven = failure === undefined && given.length === made.length;
    expect(areAllGiven).toBe(made.every((each) => staysInside(each, made)));
    if (failure === undefined) expectLinksInside(entries);
  }),

  /** Whatever is done to compressed bytes: what is decoded without an error is what was compressed. */
  mutatedXz: fc.asyncProperty(
    xzFiles(),
    fc.array(mutations(), { minLength: 1, maxLength: 3 }),
    async (original, changes) => {
      const bytes = changes.reduce((changed, change) => change(changed), original.compressed);
      const decoded: Uint8Array[] = [];
      try {
        const options = { limits: archiveLimits };
        for await (const piece of decodeXz(inPieces(bytes, 100), options)) decoded.push(piece);
      } catch (error) {
        expectRefusal(error);
        return;
      }
      expect(Buffer.concat(decoded).equals(original.content)).toBe(true);
    },
  ),
};

/** Sizes of the chunks in which the bytes come. */
function pieces(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.constant(65_536));
}

function tarOf(tree: readonly Member[]): Buffer {
  return tar(
    folder("./"),
    ...tree.map((entry) => {
      const path = `./${entry.path}`;
      if (entry.type === "folder") return folder(`${path}/`);
      if (entry.type === "link") return link(path, entry.target);
      return file(path, entry.content, entry.executable ? 0o755 : 0o644);
    }),
  );
}

function xzFiles(): fc.Arbitrary<{ content: Buffer; compressed: Buffer }> {
  const files = [
    { content: Buffer.from("#define SMALL 1\n"), options: [] },
    { content: Buffer.from("#define CRC32 1\n".repeat(40)), options: ["--check=crc32"] },
    { content: tar(file("a.h", "#define A\n"), link("b.h", "a.h")), options: ["--block-size=4096"] },
  ];
  return fc.constantFrom(
    ...files.map(({ content, options }) => ({ content, compressed: xz(content, ...options) })),
  );
}

/** What came out until the end or the first error. */
function readAll(bytes: Uint8Array, size: number): { entries: Member[]; failure: KheadersError | undefined } {
  const entries: Member[] = [];
  try {
    const reader = new ArchiveReader({ limits: archiveLimits, caseInsensitive: false });
    for (let offset = 0; offset < bytes.length; offset += size) {
      entries.push(...reader.push(bytes.subarray(offset, offset + size)).map(kept));
    }
    reader.end();
    return { entries, failure: undefined };
  } catch (error) {
    return { entries, failure: expectRefusal(error) };
  }
}

function expectRefusal(error: unknown): KheadersError {
  if (!(error instanceof KheadersError) || error.exitStatus !== 7) throw error;
  expect(error.message).not.toMatch(/\p{Cc}/u);
  return error;
}

/** Every entry has a plain place, its own, in folders that were given before it. */
function expectInside(entries: readonly Member[]): void {
  const folders = new Set([""]);
  const taken = new Set<string>();
  for (const { type, path } of entries) {
    expect(path).not.toMatch(/^\/|\/$|\/\/|\p{Cc}/u);
    expect(path.split("/")).not.toContain("..");
    expect(path.split("/")).not.toContain(".");
    expect(taken).not.toContain(path);
    expect(folders).toContain(path.split("/").slice(0, -1).join("/"));
    taken.add(path);
    if (type === "folder") folders.add(path);
  }
}

function expectLinksInside(entries: readonly Member[]): void {
  const links = entries.filter((entry) => entry.type === "link");
  for (const link of links) expect(staysInside(link, links), `${link.path} -> ${link.target}`).toBe(true);
}

function comparable(entry: Member): unknown {
  return entry.type === "file" ? { ...entry, content: Buffer.from(entry.content).toString("hex") } : entry;
}
