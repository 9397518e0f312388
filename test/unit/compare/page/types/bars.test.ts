import { describe, expect, it } from "vitest";
import type { ShapeMember, TypeShape } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../../../../host/compare/diff/types/members.js";
import { barsOf, movedBy, offsetText } from "../../../../../host/compare/page/types/bars.js";

const member = (path: string, byte: number): ShapeMember => ({
  path,
  type: "long",
  bitOffset: byte * 8,
  bitSize: 64,
  isBitField: false,
});
const shape = (size: number, ...members: ShapeMember[]): TypeShape => ({ size, members, values: [] });

describe("a struct as bars", () => {
  const details = diffShapes(
    shape(16, member("a", 0), member("<b>", 8)),
    shape(24, member("a", 0), member("new", 8), member("<b>", 16)),
  );
  const text = barsOf("struct s", details)?.text ?? "";

  it("is to scale, old over new, with a slope from where a member was to where it is", () => {
    const bars = Array.from(
      text.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g),
      ([, state, x, y, width]) => `${state} ${x} ${y} ${width}`,
    );
    expect(bars).toEqual([
      "hole 34 2 617.3",
      "same 34 2 308.7",
      "moved 342.7 2 308.6",
      "hole 34 60 926",
      "same 34 60 308.7",
      "added 342.7 60 308.6",
      "moved 651.3 60 308.7",
    ]);
    expect(text).toContain('<path class="slope" d="M342.7 26H651.3L960 60H651.3Z"/>');
  });

  it("names its parts, escaped", () => {
    expect(text).toContain('aria-label="Members of struct s by offset, old over new"');
    expect(text).toContain("<title>&lt;b&gt;: moved by +8 bytes, at 8</title>");
  });

  it("is not drawn if there is nothing to draw", () => {
    expect(barsOf("enum e", diffShapes(shape(4), shape(4)))).toBeUndefined();
    expect(barsOf("struct s", diffShapes(undefined, shape(8, member("a", 0))))).toBeUndefined();
    const scattered = Array.from({ length: 300 }, (_, index) => member(`m${index}`, index * 16));
    expect(
      barsOf("struct s", diffShapes(shape(4800, ...scattered), shape(4800, ...scattered))),
    ).toBeUndefined();
  });
});

describe("offsets", () => {
  it("are bytes, and bits where they are not whole", () => {
    expect([0, 96, 99, 8 * 12345].map(offsetText)).toEqual(["0", "12", "12:3", "12,345"]);
    expect([8, -16, 3, -1].map(movedBy)).toEqual([
      "moved by +1 byte",
      "moved by −2 bytes",
      "moved by +3 bits",
      "moved by −1 bit",
    ]);
  });
});
