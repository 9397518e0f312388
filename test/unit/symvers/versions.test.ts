import fc from "fast-check";
import { describe, expect, it } from "vitest";
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

function linesOf(versions: SymbolVersions): string[] {
  return versions.text().split("\n").filter(Boolean);
}

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
