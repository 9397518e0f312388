import { readFileSync } from "node:fs";
import { endianness, machine } from "node:os";
import { describe, expect, it } from "vitest";
import { machineOf, parseElfHeader } from "../../../host/kernel/elf.js";
import { elfHeader, elfMachines } from "../../support/elf-header.js";

describe("the header of an ELF file", () => {
  it.each([
    { machine: elfMachines.x86_64, name: "x86_64" },
    { machine: elfMachines.aarch64, name: "aarch64" },
    { machine: elfMachines.arm, bits: 32, name: "arm" },
    { machine: elfMachines.i386, bits: 32, name: "i686" },
    { machine: elfMachines.riscv, name: "riscv64" },
    { machine: elfMachines.riscv, bits: 32, name: "riscv32" },
    { machine: elfMachines.ppc64, endianness: "big", name: "ppc64" },
    { machine: elfMachines.ppc64, name: "ppc64le" },
    { machine: 4711, name: "machine 4711" },
  ] as const)("says for which machine it is: $name", ({ machine, name, ...options }) => {
    const header = parseElfHeader(elfHeader(machine, options));
    expect(header).toEqual({ bits: 64, endianness: "little", machine, ...options });
    expect(header && machineOf(header)).toBe(name);
  });

  it("is read of a real program: the one that runs this", () => {
    const header = parseElfHeader(readFileSync(process.execPath).subarray(0, 64));
    expect(header?.endianness).toBe(endianness() === "LE" ? "little" : "big");
    expect(header && machineOf(header)).toBe(machine());
  });

  it("is none where something else is, or less", () => {
    const good = elfHeader(elfMachines.x86_64);
    const changed = (offset: number, value: number) => {
      const bytes = Buffer.from(good);
      bytes[offset] = value;
      return bytes;
    };
    const others = [
      Buffer.alloc(0),
      good.subarray(0, 19),
      Buffer.from("#!/bin/sh\nexit 0\n# and more"),
      changed(3, 0),
      changed(4, 3),
      changed(5, 0),
    ];
    for (const bytes of others) expect(parseElfHeader(bytes)).toBeUndefined();
  });
});
