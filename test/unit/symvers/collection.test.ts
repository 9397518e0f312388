import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { describeSkipped, SymbolCollection } from "../../../host/symvers/collection.js";
import { moduleBytes } from "../../support/module-builder.js";

const megabyte = 1024 * 1024;
const release = "6.1.57-android14-11";
const file = (path: string, size = 1) => ({ path, size });
const kernel = (config = new Map<string, string>()) => ({ release, config });
const none: ReadonlySet<string> = new Set();
const collecting = (...loaded: string[]) =>
  new SymbolCollection<ReturnType<typeof file>>([], kernel(), new Set(loaded));
const builtFor = (release: string, versions: Record<string, number>) =>
  moduleBytes({ modinfo: [`vermagic=${release} SMP preempt mod_unload aarch64`], versions });

describe("the modules that are read", () => {
  it("are those that can be: neither packed otherwise than with gzip, nor too large", () => {
    const files = ["a.ko", "b.ko.gz", "c.ko.xz", "d.ko.zst", "e.ko.sig"].map((name) => file(`/m/${name}`));
    const collection = new SymbolCollection([...files, file("/m/large.ko", 97 * megabyte)], kernel(), none);
    expect(collection.wanted.map(({ path }) => path)).toEqual(["/m/a.ko", "/m/b.ko.gz"]);
    expect(describeSkipped(collection.skipped)).toEqual([
      "left out /m/c.ko.xz and 1 more: it is compressed, but not with gzip",
      "left out /m/large.ko: it is too large",
    ]);
  });

  it("are not more than any device has, in bytes", () => {
    const files = Array.from({ length: 50 }, (_, number) => file(`/m/${number}.ko`, 90 * megabyte));
    expect(() => new SymbolCollection(files, kernel(), none)).toThrow(
      expect.objectContaining({ code: "protocol-error" }),
    );
  });

  it.each([
    { pages: "4 KiB", config: new Map<string, string>(), wanted: ["/m/a.ko", "/m/b.ko"] },
    { pages: "16 KiB", config: new Map([["CONFIG_ARM64_16K_PAGES", "1"]]), wanted: ["/m/16k-mode/a.ko"] },
  ])("are those for pages of $pages", ({ config, wanted }) => {
    const files = ["/m/a.ko", "/m/16k-mode/a.ko", "/m/b.ko"].map((path) => file(path));
    const collection = new SymbolCollection(files, kernel(config), none);
    expect(collection.wanted.map(({ path }) => path)).toEqual(wanted);
    expect(collection.skipped).toEqual([]);
  });

  it("are all of them where a kernel of large pages has no other ones", () => {
    const collection = new SymbolCollection(
      [file("/m/a.ko")],
      kernel(new Map([["CONFIG_ARM64_16K_PAGES", "1"]])),
      none,
    );
    expect(collection.wanted).toHaveLength(1);
  });
});

describe("modules of several kernels", () => {
  const older = "6.1.25-android14-11";
  const conflict = expect.objectContaining({ code: "symbol-conflict" });

  it("are told apart by the running release: what contradicts its modules is left out, whatever comes first", () => {
    const modules = [
      ["/vendor/lib/modules/stale.ko", builtFor(older, { kfree: 1, module_layout: 1 })],
      ["/vendor/lib/modules/compatible.ko", builtFor(older, { kfree: 2, vendor_symbol: 3 })],
      ["/system_dlkm/lib/modules/own.ko", builtFor(release, { kfree: 2, module_layout: 9 })],
    ] as const;
    for (const order of [modules, modules.toReversed()]) {
      const collection = collecting();
      for (const [path, bytes] of order) collection.add(file(path), bytes);
      collection.end();
      expect(collection.versions.text()).toBe(
        "0x00000002\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n" +
          "0x00000009\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t\n" +
          "0x00000003\tvendor_symbol\tvmlinux\tEXPORT_SYMBOL\t\n",
      );
      expect(collection.modules).toBe(2);
      expect(describeSkipped(collection.skipped)).toEqual([
        "left out /vendor/lib/modules/stale.ko: it was built for another kernel",
      ]);
    }
  });

  it("are told apart by what is loaded, if none is of the running release", () => {
    const files = [
      ["/m/stale.ko", builtFor("6.1.99", { kfree: 1 })],
      ["/m/in-use.ko", builtFor(older, { kfree: 2 })],
    ] as const;
    const collection = collecting("in_use");
    for (const [path, bytes] of files) collection.add(file(path), bytes);
    collection.end();
    expect(collection.versions.text()).toContain("0x00000002\tkfree");
    expect(collection.skipped).toEqual([{ path: "/m/stale.ko", reason: "it was built for another kernel" }]);
  });

  it("are an error if two of them have the name of the one that is loaded", () => {
    const collection = collecting("same");
    collection.add(file("/old/same.ko"), builtFor("6.1.99", { kfree: 1 }));
    collection.add(file("/new/same.ko"), builtFor(older, { kfree: 2 }));
    expect(() => collection.end()).toThrow(conflict);
  });

  it("are an error if none of those that contradict each other is of the running release", () => {
    const collection = collecting();
    collection.add(file("/m/a.ko"), builtFor(older, { kfree: 1 }));
    collection.add(file("/m/b.ko"), builtFor("6.1.30", { kfree: 2 }));
    collection.add(file("/m/c.ko"), builtFor(release, { other: 1 }));
    expect(() => collection.end()).toThrow(conflict);
  });

  it("are an error if both that contradict each other say that they are of the running release", () => {
    const collection = collecting();
    collection.add(file("/m/a.ko"), builtFor(release, { kfree: 1 }));
    collection.add(file("/m/b.ko"), builtFor(release, { kfree: 2 }));
    expect(() => collection.end()).toThrow(conflict);
  });

  it("are told apart by what is loaded, if both say that they are of the running release", () => {
    const files = [
      ["/vendor/stale.ko", builtFor(release, { kfree: 1, module_layout: 1 })],
      ["/system/in-use.ko", builtFor(release, { kfree: 2, module_layout: 2 })],
      ["/system/more.ko", builtFor(release, { vfree: 3, module_layout: 2 })],
    ] as const;
    const collection = collecting("in_use");
    for (const [path, bytes] of files) collection.add(file(path), bytes);
    collection.end();
    expect(collection.modules).toBe(2);
    expect(collection.versions.has("vfree")).toBe(true);
    expect(collection.skipped).toEqual([
      { path: "/vendor/stale.ko", reason: "it was built for another kernel" },
    ]);
  });

  it("are not read from the folder of another release beside the running one's", () => {
    const paths = [
      `/lib/modules/${release}/kernel/a.ko`,
      `/lib/modules/${older}/kernel/a.ko`,
      `/lib/modules/${older}/kernel/b.ko.xz`,
      `/vendor_dlkm/lib/modules/${older}/c.ko`,
      "/odm/lib/modules/extra/d.ko",
    ];
    const collection = new SymbolCollection(
      paths.map((path) => file(path)),
      kernel(),
      none,
    );
    expect(collection.wanted.map(({ path }) => path)).toEqual([paths[0], paths[3], paths[4]]);
    expect(collection.skipped).toEqual([]);
  });

  it("are not more than fit into memory", () => {
    const collection = collecting();
    const names = Array.from({ length: 65_000 }, (_, number) => [`symbol_${number}`, number] as const);
    const bytes = builtFor(older, Object.fromEntries(names));
    expect(() => {
      for (let number = 0; number < 9; number += 1) collection.add(file(`/m/${number}.ko`), bytes);
    }).toThrow(expect.objectContaining({ code: "protocol-error" }));
  });
});

it("a gzipped module that says another size than it has is not unpacked", () => {
  const collection = collecting();
  const packed = gzipSync(moduleBytes({ versions: { kfree: 1 } }));
  for (const [path, size] of [
    ["/m/small.ko.gz", 100],
    ["/m/none.ko.gz", 0],
    ["/m/large.ko.gz", 0xffff_ffff],
  ] as const) {
    const lying = Buffer.from(packed);
    lying.writeUInt32LE(size, lying.length - 4);
    collection.add(file(path), lying);
  }
  expect(describeSkipped(collection.skipped)).toEqual([
    "left out /m/small.ko.gz and 2 more: it cannot be unpacked",
  ]);
});

it("what a module does not tell is left out, the rest is counted", () => {
  const collection = collecting();
  const module = moduleBytes({ versions: { kfree: 1 } });
  collection.add(file("/m/a.ko"), module);
  collection.add(file("/m/b.ko.gz"), gzipSync(module));
  collection.add(file("/m/c.ko.gz"), module);
  collection.add(file("/m/d\u001b[1m.ko"), Buffer.from("text"));
  collection.end();
  expect({ modules: collection.modules, symbols: collection.versions.size }).toEqual({
    modules: 2,
    symbols: 1,
  });
  expect(describeSkipped(collection.skipped)).toEqual([
    "left out /m/c.ko.gz: it cannot be unpacked",
    "left out /m/d\\x1b[1m.ko: it is not an ELF file",
  ]);
});
