import { describe, expect, it } from "vitest";
import type { ShapeMember, TypeChange, TypesDiff } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../../../../host/compare/diff/types/members.js";
import { joined } from "../../../../../host/compare/page/html.js";
import { typesSection } from "../../../../../host/compare/page/types/types-section.js";

const member = (path: string, byte: number): ShapeMember => ({
  path,
  type: "long",
  bitOffset: byte * 8,
  bitSize: 64,
  isBitField: false,
});
const many = (from: number) =>
  Array.from({ length: 60 }, (_, index) => member(`a_long_name_of_a_member_${from + index}`, index * 8));

function change(name: string, oldSize: number | undefined, newSize: number | undefined): TypeChange {
  const what = oldSize === undefined ? "added" : newSize === undefined ? "removed" : "changed";
  return { kind: "struct", name, isTypedef: false, change: what, oldSize, newSize, oldId: 1, newId: 1 };
}

function section(types: TypeChange[], members = { old: [member("a", 0)], new: [member("a", 8)] }): string {
  const diff: TypesDiff = {
    from: { old: "device", new: "device" },
    types,
    same: 7,
    has: () => true,
    details: ({ oldSize = 8, newSize = 8 }) =>
      diffShapes(
        { size: oldSize, members: members.old, values: [] },
        { size: newSize, members: members.new, values: [] },
      ),
  };
  const anchors = new Map(types.map((type) => [type, `struct-${type.name}`]));
  return joined([...typesSection({ diff }, anchors)]).text;
}

describe("the types in the page", () => {
  it("have a line with sizes and counts, bars, and the members that differ", () => {
    const text = section([change("sock", 768, 776)]);
    expect(text).toContain('<li class="type" id="struct-sock"><details><summary><code>struct sock</code>');
    expect(text).toContain('768 → 776 bytes</span> <span class="tag moved">1 moved</span>');
    expect(text).toMatch(/<svg.*<tr><th>a<td>long/s);
  });

  it("are listed if only one kernel has them", () => {
    const text = section([change("came", undefined, 16), change("gone", 8, undefined)]);
    expect(text).toContain('<code>struct came</code> <span class="size">16 bytes</span>');
    expect(text.indexOf("1 removed")).toBeLessThan(text.indexOf("1 added"));
  });

  it("say that nothing differs", () => {
    expect(section([])).toContain("All 7 types are the same.");
  });

  it("stay within the bytes of their part: what many programs read is shown before all else", () => {
    const names = Array.from({ length: 4000 }, (_, index) => `a_struct_of_a_driver_${index}`);
    const types = [...names, "task_struct"].map((name) => change(name, 480, 480));
    const text = section(types, { old: many(0), new: many(30) });
    expect(text.length).toBeLessThan(2_010_000);
    const task = text.slice(text.indexOf('id="struct-task_struct"'));
    expect(task.split("<tr><th>").length - 1).toBe(60 + 30 - 29);
    expect(text).toMatch(/more types left out/);
    expect(text).toContain("Of types with many differences only the first are shown, or no bars");
  });
});
