import { describe, expect, it } from "vitest";
import { isMemberPath, memberAt } from "../../../../host/compare/layout/member-path.js";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../support/compiled-btf.js";
import { rawBtf, rawStruct } from "../../../support/raw-btf.js";

const btf = readBtf(compiledBtf(sampleSource));

describe("the offset of a member", () => {
  it("is what the compiler says", () => {
    const plain = ["name", "x", "y", "inner", "count.counter", "number.part", "single.second"];
    const elements = ["z[3]", "inner[1]", "inner[1].last", "names[2][1]", "rest[7]"];
    const checks = [...plain, ...elements].map((path) => {
      const { offset } = memberAt(btf, `sample.${path}`);
      return `_Static_assert(__builtin_offsetof(struct sample, ${path}) == ${offset}, "");`;
    });
    // It throws if one of them is wrong.
    compiledBtf([sampleSource, ...checks].join("\n"));
  });

  it("comes with the type, the size, and the bits of a bit field", () => {
    expect(memberAt(btf, "sample.inner[1].second")).toEqual({
      path: "sample.inner[1].second",
      type: "long",
      offset: 72,
      size: 8,
      bits: undefined,
    });
    expect(memberAt(btf, "struct sample.high")).toMatchObject({
      offset: 12,
      size: 4,
      bits: { offset: 3, size: 5 },
    });
    expect(memberAt(btf, "sample.callback")).toMatchObject({
      type: "int (*)(struct sample *, const char *, ...)",
      size: 8,
    });
    expect(memberAt(btf, "atomic_t.counter")).toMatchObject({ offset: 0, size: 4 });
  });

  it.each([
    ["sampel.name", "unknown-type", 'there is no struct or union "sampel"', "Did you mean sample?"],
    ["sample.nmae", "unknown-type", 'sample has no member "nmae"', "Did you mean name?"],
    ["sample.namess", "unknown-type", 'sample has no member "namess"', "Did you mean names?"],
    ["sample.single.frist", "unknown-type", 'sample.single has no member "frist"', "Did you mean first?"],
    [
      "sample.hidden.x",
      "unknown-type",
      "sample.hidden is a pointer (struct opaque *)",
      expect.stringContaining("elsewhere"),
    ],
    [
      "sample.inner.last",
      "unknown-type",
      "sample.inner is struct inner[2], which has no members",
      "Name an element, as in sample.inner[0].",
    ],
    ["sample.state.x", "unknown-type", "sample.state is volatile int, which has no members", undefined],
    ["sample.inner[2].last", "unknown-type", "sample.inner has 2 elements, and there is no [2]", undefined],
    ["sample.state[0]", "unknown-type", "sample.state is not an array", undefined],
    ["sample.", "usage", 'invalid member "" in sample.', expect.stringContaining("task_struct.thread.sp")],
    ["sample.inner[x]", "usage", 'invalid member "inner[x]" in sample.inner[x]', expect.any(String)],
    ["sample..name", "usage", 'invalid member "" in sample..name', expect.any(String)],
  ])("is an error for %s", (path, code, message, hint) => {
    expect(() => memberAt(btf, path)).toThrow(expect.objectContaining({ code, message, hint }));
  });

  it("is asked for with a dot", () => {
    expect(isMemberPath("task_struct.pid")).toBe(true);
    expect(isMemberPath("task_struct")).toBe(false);
  });

  it("ends for an anonymous struct that contains itself", () => {
    const round = new Btf(
      rawBtf([
        rawStruct("s", 8, [["", 2, 0]]),
        rawStruct("", 8, [
          ["", 2, 0],
          ["", 1, 0],
        ]),
      ]),
    );
    expect(() => memberAt(round, "s.x")).toThrow('s has no member "x"');
  });
});
