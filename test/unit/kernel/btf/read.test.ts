import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf } from "../../../support/compiled-btf.js";
import { elfHeader, elfMachines } from "../../../support/elf-header.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

/** An object file of this machine with these sections. */
function objectWith(sections: Readonly<Record<string, Uint8Array>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-object-"));
  try {
    const object = join(folder, "object.o");
    execFileSync("cc", ["-c", "-x", "c", "/dev/null", "-o", object]);
    const args = Object.entries(sections).flatMap(([name, content], index) => {
      const file = join(folder, String(index));
      writeFileSync(file, content);
      return ["--add-section", `${name}=${file}`];
    });
    execFileSync("objcopy", [...args, object]);
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

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

  it("of a module that brings what it needs of the kernel's", () => {
    const base = rawBtf([rawInt("int", 4)]);
    const own = rawBtf([rawStruct("own", 4, [["a", 1, 0]])], { baseNames: "\0int\0".length });
    const btf = readBtf(objectWith({ ".BTF": own, ".BTF.base": base }));
    expect([btf.nameOf(1), btf.nameOf(2)]).toEqual(["int", "own"]);
    expect(() => readBtf(objectWith({ ".BTF": own }))).toThrow("cannot be read without the kernel's BTF");
    expect(() => readBtf(objectWith({ ".other": own }))).toThrow("it has no section .BTF");
  });

  it("of neither an object without it nor a damaged one", () => {
    expect(() => readBtf(compiledBtf("int variable;").subarray(0, 200))).toThrow("it ends too early");
    expect(() => readBtf(elfHeader(elfMachines.x86_64))).toThrow("it has no section table");
    expect(() => readBtf(Buffer.from("something else"))).toThrow("it does not begin as BTF does");
  });
});
