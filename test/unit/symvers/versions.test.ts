import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedElf } from "../../../host/kernel/elf-sections.js";
import { readModuleFile } from "../../../host/symvers/module-file.js";
import { SymbolVersions } from "../../../host/symvers/versions.js";
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

function linesOf(versions: SymbolVersions): string[] {
  return versions.text().split("\n").filter(Boolean);
}

describe("a module file", () => {
  it.each(kinds)("tells name, versions, imports and exports: %o", (kind) => {
    const module = readModuleFile(moduleBytes({ ...exporting, ...kind }));
    expect(module.name).toBe("snd_hda_core");
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

describe("Module.symvers", () => {
  it("has a line of five columns a symbol, sorted, with who exports it", () => {
    const versions = new SymbolVersions();
    versions.add(
      readModuleFile(moduleBytes({ versions: { ...layout, snd_hda_codec: 0x12, snd_hda_bus: 5 } })),
      "/vendor/lib/modules/snd-soc-x.ko",
    );
    versions.add(readModuleFile(moduleBytes(exporting)), "/vendor/lib/modules/snd-hda-core.ko");
    expect(linesOf(versions)).toEqual([
      "0x92997ed8\t_printk\tvmlinux\tEXPORT_SYMBOL\t",
      "0x037a0cba\tkfree\tvmlinux\tEXPORT_SYMBOL\t",
      "0xfeedbeef\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t",
      "0x00000005\tsnd_hda_bus\tsnd_hda_core\tEXPORT_SYMBOL\t",
      "0x00000012\tsnd_hda_codec\tsnd_hda_core\tEXPORT_SYMBOL_GPL\t",
    ]);
    expect(versions.has("kfree")).toBe(true);
    expect(versions.has("kmalloc")).toBe(false);
  });

  it("names an exporter by its file where it does not tell its name", () => {
    const versions = new SymbolVersions();
    const exporter: ModuleParts = {
      versions: { own: 1 },
      symbols: [{ name: "__ksymtab_own", section: "__ksymtab" }],
    };
    versions.add(readModuleFile(moduleBytes(exporter)), "/lib/modules/6.1/old-one.ko");
    expect(linesOf(versions)).toEqual(["0x00000001\town\told-one\tEXPORT_SYMBOL\t"]);
  });

  it("takes no name that would break its columns", () => {
    const versions = new SymbolVersions();
    const exporter: ModuleParts = {
      modinfo: ["name=a\tb"],
      versions: { own: 1 },
      symbols: [{ name: "__ksymtab_own", section: "__ksymtab" }],
    };
    versions.add(readModuleFile(moduleBytes(exporter)), "/lib/modules/x.ko");
    expect(linesOf(versions)).toEqual(["0x00000001\town\tvmlinux\tEXPORT_SYMBOL\t"]);
  });

  it("is the same in whatever order the modules come", () => {
    const symbol = fc.constantFrom("a", "b", "c", "module_layout");
    const modules = fc.array(fc.uniqueArray(symbol), { maxLength: 5 });
    const crcs: Record<string, number> = { a: 1, b: 2, c: 3, module_layout: 4 };
    fc.assert(
      fc.property(modules, (lists) => {
        const files = lists.map((names) =>
          readModuleFile(
            moduleBytes({ versions: Object.fromEntries(names.map((name) => [name, crcs[name] ?? 0])) }),
          ),
        );
        const [forth, back] = [new SymbolVersions(), new SymbolVersions()];
        for (const [index, file] of files.entries()) forth.add(file, `${index}.ko`);
        for (const [index, file] of [...files].reverse().entries()) back.add(file, `${index}.ko`);
        expect(back.text()).toBe(forth.text());
        expect(forth.size).toBe(new Set(lists.flat()).size);
      }),
    );
  });

  it("cannot be made of the modules of two kernels: both files are named", () => {
    const versions = new SymbolVersions();
    versions.add(readModuleFile(moduleBytes({ versions: { kfree: 1 } })), "/vendor/lib/modules/one.ko");
    const other = readModuleFile(moduleBytes({ versions: { kfree: 2 } }));
    expect(() => versions.add(other, "/odm/lib/modules/two\u001b[2J.ko")).toThrow(
      expect.objectContaining({
        code: "symbol-conflict",
        message:
          "the device's modules are of two kernels: kfree has the version 0x00000001 in /vendor/lib/modules/one.ko and 0x00000002 in /odm/lib/modules/two\\x1b[2J.ko",
      }),
    );
  });
});

function readOrRefuse(bytes: Uint8Array) {
  try {
    return readModuleFile(bytes);
  } catch (error) {
    if (!(error instanceof MalformedElf)) throw error;
    return undefined;
  }
}
