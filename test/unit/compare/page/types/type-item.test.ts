import { describe, expect, it } from "vitest";
import type { TypeChange } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../../../../host/compare/diff/types/members.js";
import {
  itemHtml,
  nameOf,
  sizes,
  sizesOf,
  typeItem,
} from "../../../../../host/compare/page/types/type-item.js";

const change: TypeChange = {
  kind: "enum",
  name: "state",
  isTypedef: false,
  change: "changed",
  oldSize: 4,
  newSize: 4,
  oldId: 1,
  newId: 1,
};
const shape = (...names: string[]) => ({
  size: 4,
  members: [],
  values: names.map((name, index) => ({ name, value: BigInt(index) })),
});

describe("a type in the page", () => {
  it("is named as in C, and has its size or both", () => {
    expect(nameOf(change)).toBe("enum state");
    expect(nameOf({ ...change, isTypedef: true })).toBe("state");
    expect(sizes(change)).toBe("4 bytes");
    expect(sizes({ ...change, newSize: 8192 })).toBe("4 → 8,192 bytes");
    expect(sizes({ ...change, oldSize: undefined, newSize: 1 })).toBe("1 byte");
  });

  it("shows as many rows as it may, and says how many it does not", () => {
    const item = typeItem(change, diffShapes(shape("A"), shape("A", "B", "C")));
    const [first = 0] = sizesOf(item);
    expect(itemHtml(item, "enum-state", 10_000).text).not.toContain("left out");
    const some = itemHtml(item, "enum-state", first).text;
    expect(some).toContain("<th>B<");
    expect(some).toContain("1 more row left out");
    expect(itemHtml(item, "enum-state", 0).text).toMatch(
      /^<li class="type" id="enum-state"><code>enum state<\/code>/,
    );
    expect(itemHtml(item, "enum-state", 0).text).not.toContain("<details");
  });
});
