import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf } from "../../../support/compiled-btf.js";
import { elfHeader, elfMachines } from "../../../support/elf-header.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

describe("BTF is read", () => {
  it("of a raw file, and of a section of an object file", () => {
    expect(readBtf(rawBtf([rawInt("int", 4)])).nameOf(1)).toBe("int");
    const object = readBtf(compiledBtf("struct one { int a; } variable;"));
    expect(object.idsNamed("one")).toHaveLength(1);
  });

  it("of a module with the kernel's", () => {
    const kernel = new Btf(rawBtf([rawInt("int", 4)]));
    const module = rawBtf([rawStruct("own", 4, [["a", 1, 0]])], { baseNames: "\0int\0".length });
    expect(readBtf(module, kernel).nameOf(2)).toBe("own");
  });

  it("of neither an object without it nor a damaged one", () => {
    expect(() => readBtf(compiledBtf("int variable;").subarray(0, 200))).toThrow("it ends too early");
    expect(() => readBtf(elfHeader(elfMachines.x86_64))).toThrow("it has no section table");
    expect(() => readBtf(Buffer.from("something else"))).toThrow("it does not begin as BTF does");
  });
});
