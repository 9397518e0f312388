import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedElf } from "../../../host/kernel/elf-sections.js";
import { readModuleFile } from "../../../host/symvers/module-file.js";
import { type ModuleParts, moduleBytes } from "../../support/module-builder.js";

const layout = { module_layout: 0xfeedbeef };
const exporting: ModuleParts = {
  modinfo: [
    "license=GPL",
    "name=snd_hda_core",
    "vermagic=6.1.57-android14-11 SMP preempt mod_unload aarch64",
  ],
  versions: { ...layout, kfree: 0x37a0cba, _printk: 0x92997ed8 },
  symbols: [
    { name: "kfree" },
    { name: "_printk" },
    { name: "maybe", weak: true },
    { name: "__ksymtab_snd_hda_bus", section: "__ksymtab" },
    { name: "__ksymtab_snd_hda_codec", section: "__ksymtab_gpl" },
  ],
};

/** The four kinds of ELF files. */
const kinds = [32, 64].flatMap((bits) =>
  [true, false].map((littleEndian) => ({ bits: bits as 32 | 64, littleEndian })),
);

describe("a module file", () => {
  it.each(kinds)("tells name, versions, imports and exports: %o", (kind) => {
    const module = readModuleFile(moduleBytes({ ...exporting, ...kind }));
    expect(module.name).toBe("snd_hda_core");
    expect(module.vermagic).toBe("6.1.57-android14-11 SMP preempt mod_unload aarch64");
    expect(Object.fromEntries(module.versions)).toEqual(exporting.versions);
    expect(module.imports).toEqual(["kfree", "_printk"]);
    expect(Object.fromEntries(module.exports)).toEqual({
      snd_hda_bus: { gplOnly: false },
      snd_hda_codec: { gplOnly: true },
    });
  });

  it.each(kinds)("may have its versions in the extended tables alone, with long names: %o", (kind) => {
    const long = `_RNv${"x".repeat(200)}`;
    const module = readModuleFile(
      moduleBytes({ ...kind, extendedVersions: { ...layout, [long]: 0xdeadbeef } }),
    );
    expect(Object.fromEntries(module.versions)).toEqual({ ...layout, [long]: 0xdeadbeef });
  });

  it("may have both tables, of which the extended one knows more", () => {
    const module = readModuleFile(
      moduleBytes({ versions: layout, extendedVersions: { ...layout, kfree: 7 } }),
    );
    expect(Object.fromEntries(module.versions)).toEqual({ ...layout, kfree: 7 });
  });

  it("has no versions where its kernel has none, and no name where it is old", () => {
    const module = readModuleFile(moduleBytes({ symbols: [{ name: "kfree" }] }));
    expect(module.versions.size).toBe(0);
    expect(module.name).toBeUndefined();
  });

  it.each<[string, ModuleParts | Buffer, string]>([
    ["is empty", Buffer.alloc(0), "not an ELF file"],
    ["is something else", Buffer.from("#!/bin/sh\n".repeat(10)), "not an ELF file"],
    [
      "contradicts itself",
      { versions: layout, extendedVersions: { module_layout: 1 } },
      "two versions of module_layout",
    ],
    ["would break a line", { extendedVersions: { "a\nb": 1 } }, "an invalid name"],
    ["would break a column", { versions: { "a\tb": 1 } }, "an invalid name"],
    ["names nothing", { extendedVersions: { "": 1 } }, "an invalid name"],
  ])("is refused where it %s", (_, parts, reason) => {
    const bytes = Buffer.isBuffer(parts) ? parts : moduleBytes(parts);
    expect(() => readModuleFile(bytes)).toThrow(MalformedElf);
    expect(() => readModuleFile(bytes)).toThrow(reason);
  });

  it("is refused where a name has no end, or a table no whole entries", () => {
    const bytes = moduleBytes({ versions: layout });
    const unending = Buffer.from(bytes).fill("x", 64 + 8, 64 + 64);
    expect(() => readModuleFile(unending)).toThrow("a name in it has no end");
    const sizeAt = bytes.readUInt32LE(40) + 2 * 64 + 32;
    const cut = Buffer.from(bytes);
    cut.writeUInt32LE(63, sizeAt);
    expect(() => readModuleFile(cut)).toThrow("damaged");
  });

  it.each([
    ["versions", { extendedVersions: named(70_000) }],
    ["imports", { symbols: Object.keys(named(70_000)).map((name) => ({ name })) }],
    ["bytes of names", { extendedVersions: named(20_000, "x".repeat(300)) }],
  ] satisfies [string, ModuleParts][])("is refused where it has more %s than any module", (_, parts) => {
    expect(() => readModuleFile(moduleBytes(parts))).toThrow("it has more symbols than any module");
  });

  it("is refused where it says one version again and again", () => {
    const table = moduleBytes({ versions: layout }).subarray(64, 128);
    const bytes = moduleBytes({ versions: layout });
    // The table is made to end where the file is padded to: 70,000 times the same.
    const many = Buffer.concat([bytes, ...Array.from({ length: 70_000 }, () => table)]);
    const headerAt = bytes.readUInt32LE(40) + 2 * 64;
    many.writeUInt32LE(bytes.length, headerAt + 24);
    many.writeUInt32LE(70_000 * 64, headerAt + 32);
    expect(() => readModuleFile(many)).toThrow("it has more symbols than any module");
  });

  it("is read or refused, whatever it is: cut short", () => {
    const whole = moduleBytes({ ...exporting, extendedVersions: layout });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => readModuleFile(whole.subarray(0, length))).toThrow(MalformedElf);
      }),
    );
  });

  it("is read or refused, whatever it is: with changed bytes", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), changes, (kind, changed) => {
        const bytes = moduleBytes({ ...exporting, ...kind, extendedVersions: layout });
        for (const [at, value] of changed) bytes[at % bytes.length] = value;
        const module = readOrRefuse(bytes);
        for (const symbol of module?.versions.keys() ?? []) expect(symbol).toMatch(/^[!-~]+$/);
      }),
      { numRuns: 500 },
    );
  });
});

/** So many symbols with a version. */
function named(count: number, prefix = "symbol_"): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`${prefix}${number}`, number]));
}

function readOrRefuse(bytes: Uint8Array) {
  try {
    return readModuleFile(bytes);
  } catch (error) {
    if (!(error instanceof MalformedElf)) throw error;
    return undefined;
  }
}
