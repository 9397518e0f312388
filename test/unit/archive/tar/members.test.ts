import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { StepReader } from "../../../../host/archive/steps.js";
import { type TarMember, tarMembers } from "../../../../host/archive/tar/members.js";
import { file, folder, gnuLong, link, pax, tar } from "../../../support/tar-builder.js";

function membersOf(bytes: Uint8Array): { members: TarMember[]; isComplete: boolean } {
  const members: TarMember[] = [];
  const reader = new StepReader(tarMembers(archiveLimits, (member) => members.push(member)));
  reader.push(bytes);
  return { members, isComplete: reader.complete };
}

describe("the members of a tar archive", () => {
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
});
