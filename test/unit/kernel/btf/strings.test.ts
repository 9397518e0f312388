import { describe, expect, it } from "vitest";
import { BtfStrings } from "../../../../host/kernel/btf/strings.js";

const strings = new BtfStrings(Buffer.from("\0task_struct\0struct\0\xe9t\xe9\0", "latin1"), undefined);

describe("the names of BTF", () => {
  it("are read at any offset", () => {
    expect(strings.at(0)).toBe("");
    expect(strings.at(1)).toBe("task_struct");
    expect(strings.at(6)).toBe("struct");
    expect(strings.at(20)).toBe("\xe9t\xe9");
  });

  it("are found where they stand by themselves, else as the end of longer ones", () => {
    expect(strings.offsetsOf("struct")).toEqual([13]);
    const ends = new BtfStrings(Buffer.from("\0task_struct\0mm_struct\0"), undefined);
    expect(ends.offsetsOf("struct")).toEqual([6, 16]);
    const twice = new BtfStrings(Buffer.from("\0a\0a\0ba\0"), undefined);
    expect(twice.offsetsOf("a")).toEqual([1, 3]);
    expect(strings.offsetsOf("task")).toEqual([]);
    expect(strings.offsetsOf("\xe9t\xe9")).toEqual([20]);
  });

  it("of a module follow the kernel's", () => {
    const module = new BtfStrings(Buffer.from("own\0struct\0"), strings);
    expect(module.at(13)).toBe("struct");
    expect(module.at(strings.end)).toBe("own");
    expect(module.offsetsOf("struct")).toEqual([13, strings.end + 4]);
    expect(module.offsetsOf("own")).toEqual([strings.end]);
  });

  it("are refused outside, and if they are longer than any", () => {
    expect(() => strings.at(1000)).toThrow("a name in it is too long or lies outside of it");
    const long = new BtfStrings(Buffer.from(`\0${"x".repeat(600)}\0`), undefined);
    expect(() => long.at(1)).toThrow("too long");
  });

  it("are empty where there are none at all", () => {
    expect(new BtfStrings(Buffer.alloc(0), undefined).at(0)).toBe("");
  });
});
