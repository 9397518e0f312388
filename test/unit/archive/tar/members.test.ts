import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { type TarMember, TarMembers } from "../../../../host/archive/tar/members.js";
import {
  file,
  folder,
  gnuLong,
  header,
  link,
  octal,
  pax,
  pixzList,
  tar,
} from "../../../support/tar-builder.js";

/** @param size Bytes that are pushed at once; all, unless it is given. */
function membersOf(bytes: Uint8Array, size = bytes.length): { members: TarMember[]; isComplete: boolean } {
  const members: TarMember[] = [];
  const keep = (member: TarMember) =>
    members.push(member.type === "file" ? { ...member, content: Buffer.from(member.content) } : member);
  const tarMembers = new TarMembers(archiveLimits, keep);
  for (let at = 0; at < bytes.length; at += size) tarMembers.push(bytes.subarray(at, at + size));
  return { members, isComplete: tarMembers.complete };
}

describe("the members of a tar archive", () => {
  it("are good until the next push, whatever of the next member has come", () => {
    const bytes = tar(file("a.h", "a".repeat(150_000)), file("b.h", "b".repeat(150_000)));
    const found: TarMember[] = [];
    const members = new TarMembers(archiveLimits, (member) => found.push(member));
    members.push(bytes.subarray(0, 200_000));
    expect(found).toHaveLength(1);
    expect(
      found[0]?.type === "file" && Buffer.from(found[0].content).equals(Buffer.alloc(150_000, "a")),
    ).toBe(true);
  });

  it("are given as they are written, with their modes and unchecked names", () => {
    const { members, isComplete } = membersOf(
      tar(folder("./", 0o2755), file("../a.h", "x"), link("l", "/etc")),
    );
    expect(members).toEqual([
      { type: "folder", path: "./", mode: 0o2755 },
      { type: "file", path: "../a.h", mode: 0o644, content: Buffer.from("x") },
      { type: "link", path: "l", mode: 0o777, target: "/etc" },
    ]);
    expect(isComplete).toBe(true);
  });

  it("have the names of the headers before them, each once", () => {
    const { members } = membersOf(tar(gnuLong("L", "long"), pax({ mtime: "1" }), file("a"), file("b")));
    expect(members.map(({ path }) => path)).toEqual(["long", "b"]);
  });

  it("are not complete before the two blocks of zeros", () => {
    expect(membersOf(file("a")).isComplete).toBe(false);
    expect(membersOf(Buffer.concat([file("a"), Buffer.alloc(512)])).isComplete).toBe(false);
    expect(membersOf(Buffer.concat([file("a"), Buffer.alloc(1_024)])).isComplete).toBe(true);
  });

  it("are the same however the bytes come, larger than any buffer or smaller", () => {
    const archive = tar(
      file("large", "0123456789".repeat(70_000)),
      gnuLong("L", "long"),
      file("small", "s"),
      file("full", "f".repeat(512)),
      link("l", "small"),
    );
    const bytes = Buffer.concat([archive, pixzList({ large: 0 }, archive.length)]);
    const whole = membersOf(bytes);
    expect(whole.members.map(({ path }) => path)).toEqual(["large", "long", "full", "l"]);
    // toEqual compares bytes one by one, and takes seconds.
    for (const size of [1, 511, 513, 65_536, 300_000])
      expect(isDeepStrictEqual(membersOf(bytes, size), whole), `${size} bytes at once`).toBe(true);
  });

  it("are refused by what their headers say, before their content comes", () => {
    const claims = { name: "a", size: octal(archiveLimits.fileBytes + 1) };
    expect(() => membersOf(header(claims))).toThrow("over the limit");
    expect(() => membersOf(header({ ...claims, type: "5" }))).toThrow("a folder with content");
    expect(() => membersOf(header({ ...claims, type: "x" }))).toThrow("over the limit");
    expect(() => membersOf(header({ ...claims, type: "L" }))).toThrow("over the limit");
  });

  it("are not looked for in other data, of which a few bytes are enough", () => {
    expect(() => membersOf(Buffer.from("\x1f\x8b\x08\0\0\0\0\0", "latin1"))).toThrow("gzip data instead");
    expect(() => membersOf(Buffer.from("\x1f\x8b\x08\0\0\0\0", "latin1"))).not.toThrow();
  });
});
