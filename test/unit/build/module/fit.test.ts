import { describe, expect, it } from "vitest";
import { type Misfit, misfitsOf, type TargetKernel } from "../../../../host/build/module/fit.js";
import type { ModuleFile } from "../../../../host/symvers/module-file.js";

const flags = "SMP preempt mod_unload modversions aarch64";
const symbol = (
  crc: number,
  more: Partial<{ module: string; gplOnly: boolean; namespace: string }> = {},
) => ({
  crc,
  module: "vmlinux",
  gplOnly: false,
  namespace: "",
  ...more,
});

const fitting: ModuleFile = {
  name: "hello",
  vermagic: `6.1.99-other ${flags} `,
  versions: new Map([
    ["module_layout", 1],
    ["_printk", 2],
  ]),
  hasVersionTable: true,
  exports: new Map(),
  imports: ["_printk"],
  machine: "aarch64",
  license: "GPL",
  namespaces: [],
  isSigned: false,
};

const kernel: TargetKernel = {
  release: "6.1.57-android14-11",
  machine: "aarch64",
  vermagic: `6.1.57-android14-11 ${flags} `,
  config: new Map([["CONFIG_MODVERSIONS", "1"]]),
  symbols: new Map([
    ["module_layout", symbol(1)],
    ["_printk", symbol(2)],
  ]),
  hasAllSymbols: false,
  possibleNamespaces: {},
  exportedBeside: new Set(),
};

const config = (...options: string[]) =>
  new Map(["MODVERSIONS", ...options].map((option): [string, string] => [`CONFIG_${option}`, "1"]));
/** The module has versions of all that it imports, unless the change says otherwise. */
const misfits = (module: Partial<ModuleFile>, target: Partial<TargetKernel> = {}) => {
  const others = (module.imports ?? []).filter((name) => !fitting.versions.has(name));
  const versions = new Map([...fitting.versions, ...others.map((name): [string, number] => [name, 5])]);
  return misfitsOf({ ...fitting, versions, ...module }, { ...kernel, ...target });
};
const verdicts = (found: readonly Misfit[]) => found.map(({ check, fits }) => `${check}: ${fits}`);

it("a module that fits has no misfits; with symbol versions its release does not count", () => {
  expect(misfits({})).toEqual([]);
});

describe.each<
  [what: string, module: Partial<ModuleFile>, target: Partial<TargetKernel>, expected: string[], says: RegExp]
>([
  [
    "of another machine",
    { machine: "x86_64" },
    {},
    ["architecture: no"],
    /built for x86_64, and the kernel runs on aarch64/,
  ],
  [
    "with other flags in its version magic",
    { vermagic: "6.1.57-android14-11 SMP mod_unload modversions aarch64 " },
    {},
    ["vermagic: no"],
    /"SMP mod_unload modversions aarch64", and the kernel wants "SMP preempt/,
  ],
  [
    "of another release, without MODVERSIONS",
    { versions: new Map(), hasVersionTable: false },
    { config: new Map() },
    ["vermagic: no"],
    /"6\.1\.99-other SMP/,
  ],
  [
    "whose kernel's version magic is not known",
    {},
    { vermagic: undefined },
    ["vermagic: unknown"],
    /not known/,
  ],
  [
    "without symbol versions",
    { versions: new Map(), hasVersionTable: false, vermagic: kernel.vermagic },
    {},
    ["versions: no"],
    /no symbol versions/,
  ],
  [
    "without symbol versions, for a kernel that forces",
    { versions: new Map(), hasVersionTable: false, vermagic: kernel.vermagic },
    { config: config("MODULE_FORCE_LOAD") },
    ["versions: unknown"],
    /without a check/,
  ],
  [
    "whose versions lack a symbol that it needs",
    { versions: new Map([["module_layout", 1]]) },
    {},
    ["versions: no"],
    /^it has no version of _printk$/,
  ],
  [
    "with another version of a symbol",
    {
      versions: new Map([
        ["module_layout", 1],
        ["_printk", 9],
      ]),
    },
    {},
    ["versions: no"],
    /^it was built with another version of _printk \(0x00000009; the kernel has 0x00000002\)$/,
  ],
  [
    "with another module_layout, which it does not import",
    {
      versions: new Map([
        ["module_layout", 7],
        ["_printk", 2],
      ]),
    },
    {},
    ["versions: no"],
    /module_layout \(0x00000007/,
  ],
  [
    "with a symbol that no module shows",
    { imports: ["_printk", "secret"] },
    {},
    ["symbols: unknown"],
    /needs secret, and no module of the device shows/,
  ],
  [
    "with a symbol that the kernel does not export",
    { imports: ["_printk", "secret"] },
    { hasAllSymbols: true },
    ["symbols: no"],
    /needs secret, which the kernel and its modules do not export/,
  ],
  [
    "without a namespace that it needs",
    {},
    {
      symbols: new Map([...kernel.symbols, ["_printk", symbol(2, { namespace: "LOGS" })]]),
      hasAllSymbols: true,
    },
    ["namespaces: no"],
    /_printk is in the namespace LOGS/,
  ],
  [
    "without a namespace that it may need",
    {},
    { possibleNamespaces: { _printk: ["LOGS"] } },
    ["namespaces: unknown"],
    /_printk may be in the namespace LOGS/,
  ],
  [
    "that is not GPL and uses a symbol for GPL modules",
    { license: "Proprietary" },
    { symbols: new Map([...kernel.symbols, ["_printk", symbol(2, { gplOnly: true })]]), hasAllSymbols: true },
    ["license: no"],
    /under "Proprietary", and uses _printk/,
  ],
  [
    "that is not GPL, for a kernel whose list is not whole",
    { license: undefined },
    {},
    ["license: unknown"],
    /has no license/,
  ],
  ["without a signature", {}, { config: config("MODULE_SIG_FORCE") }, ["signature: no"], /is not signed/],
  [
    "with some signature",
    { isSigned: true },
    { config: config("MODULE_SIG_FORCE") },
    ["signature: unknown"],
    /which keys it trusts/,
  ],
  [
    "without a signature, for a kernel that protects symbols",
    {},
    { config: config("MODULE_SIG_PROTECT") },
    ["signature: unknown"],
    /KMI/,
  ],
])("a module %s", (_, module, target, expected, says) => {
  it("is told apart, with what to do", () => {
    const found = misfits(module, target);
    expect(verdicts(found)).toEqual(expected);
    expect(found[0]?.message).toMatch(says);
    expect(found[0]?.hint).not.toBe("");
  });
});

it("namespaces that are imported, or that the kernel does not insist on, are no misfits", () => {
  const possibleNamespaces = { _printk: ["LOGS"] };
  expect(misfits({ namespaces: ["LOGS"] }, { possibleNamespaces })).toEqual([]);
  const lenient = config("MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS");
  expect(misfits({}, { possibleNamespaces, config: lenient })).toEqual([]);
});

it("what a module beside it exports is known", () => {
  expect(misfits({ imports: ["_printk", "helper"] }, { exportedBeside: new Set(["helper"]) })).toEqual([]);
});

it("several things that do not fit are all told, and long lists are cut", () => {
  const imports = ["_printk", ..."abcdefgh"];
  const found = misfits({ imports, vermagic: "6.1.0 other" }, { config: config("MODULE_SIG_FORCE") });
  expect(verdicts(found)).toEqual(["signature: no", "vermagic: no", "symbols: unknown"]);
  expect(found[2]?.message).toContain("a, b, c, d, e and 3 more");
  expect(found[2]?.symbols).toEqual([..."abcdefgh"]);
});

it("what a module file says reaches no terminal as it is", () => {
  const [found] = misfits({ vermagic: "6.1.57 \u001b[2J", machine: "aarch64" });
  expect(found?.message).not.toContain("\u001b");
});
