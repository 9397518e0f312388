import { describe, expect, it } from "vitest";
import { readNotes } from "../../../host/kernel/notes.js";

const gnuBuildId = 3;
const id = "0123456789abcdef0123456789abcdef01234567";

/** One ELF note: sizes and type as 32-bit words, then name and descriptor, each padded to 4 bytes. */
function note(name: string, type: number, descriptor: Uint8Array, littleEndian = true): Buffer {
  const named = Buffer.from(`${name}\0`);
  const header = Buffer.alloc(12);
  for (const [index, word] of [named.length, descriptor.length, type].entries()) {
    if (littleEndian) header.writeUInt32LE(word, index * 4);
    else header.writeUInt32BE(word, index * 4);
  }
  const padding = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
  return Buffer.concat([header, named, padding(named.length), descriptor, padding(descriptor.length)]);
}

const buildId = (hex: string) => note("GNU", gnuBuildId, Buffer.from(hex, "hex"));

describe("the build-id", () => {
  it("is found alone", () => {
    expect(readNotes(buildId(id)).buildId).toBe(id);
  });

  it("is found among other notes, whatever their lengths", () => {
    const notes = Buffer.concat([
      note("Linux", 257, Buffer.from([1])),
      note("Xen", gnuBuildId, Buffer.from("not this one", "latin1")),
      note("GNU", 1, Buffer.alloc(16)),
      note("", 0, Buffer.alloc(0)),
      buildId(id),
      note("Linux", 258, Buffer.alloc(7)),
    ]);
    expect(readNotes(notes).buildId).toBe(id);
  });

  it("is found in a piece of a larger buffer", () => {
    const within = Buffer.concat([Buffer.alloc(3, 0xff), buildId(id)]);
    expect(readNotes(within.subarray(3)).buildId).toBe(id);
  });

  it.each(["0123456789abcdef", id.repeat(3).slice(0, 64)])("may be of another length: %s", (other) => {
    expect(readNotes(buildId(other)).buildId).toBe(other);
  });

  it("need not be padded at the end", () => {
    const odd = `${id}ab`;
    expect(readNotes(buildId(odd).subarray(0, -3)).buildId).toBe(odd);
  });

  it("is found on a big-endian kernel", () => {
    expect(readNotes(note("GNU", gnuBuildId, Buffer.from(id, "hex"), false), false).buildId).toBe(id);
  });

  it.each<{ what: string; notes: Uint8Array }>([
    { what: "there is nothing", notes: new Uint8Array() },
    { what: "other notes alone", notes: note("Linux", 257, Buffer.alloc(4)) },
    { what: "an id too short to be one", notes: buildId("0123") },
    { what: "half a header", notes: buildId(id).subarray(0, 9) },
    { what: "an id that is cut off", notes: buildId(id).subarray(0, -2) },
    { what: "a descriptor longer than all there is", notes: withWord(buildId(id), 1, 0xffff_fff0) },
    { what: "a name longer than all there is", notes: withWord(buildId(id), 0, 0xffff_ffff) },
    { what: "no notes at all", notes: Buffer.from("#!/bin/sh\necho this is no note\n") },
  ])("is unknown where there is $what", ({ notes }) => {
    expect(readNotes(notes).buildId).toBeUndefined();
  });
});

function withWord(notes: Buffer, index: number, word: number): Buffer {
  notes.writeUInt32LE(word, index * 4);
  return notes;
}
