import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { describeSkipped, SymbolCollection } from "../../../host/symvers/collection.js";
import { moduleBytes } from "../../support/module-builder.js";

const megabyte = 1024 * 1024;
const file = (path: string, size = 1) => ({ path, size });

describe("the modules that are read", () => {
  it("are those that can be: neither packed otherwise than with gzip, nor too large", () => {
    const files = ["a.ko", "b.ko.gz", "c.ko.xz", "d.ko.zst", "e.ko.sig"].map((name) => file(`/m/${name}`));
    const collection = new SymbolCollection([...files, file("/m/large.ko", 257 * megabyte)], new Map());
    expect(collection.wanted.map(({ path }) => path)).toEqual(["/m/a.ko", "/m/b.ko.gz"]);
    expect(describeSkipped(collection.skipped)).toEqual([
      "left out /m/c.ko.xz and 1 more: it is compressed, and not with gzip",
      "left out /m/large.ko: it is too large",
    ]);
  });

  it("are not more than any device has, in bytes", () => {
    const files = Array.from({ length: 17 }, (_, number) => file(`/m/${number}.ko`, 256 * megabyte));
    expect(() => new SymbolCollection(files, new Map())).toThrow(
      expect.objectContaining({ code: "protocol-error" }),
    );
  });

  it.each([
    { pages: "4 KiB", config: new Map<string, string>(), wanted: ["/m/a.ko", "/m/b.ko"] },
    { pages: "16 KiB", config: new Map([["CONFIG_ARM64_16K_PAGES", "1"]]), wanted: ["/m/16k-mode/a.ko"] },
  ])("are those for pages of $pages", ({ config, wanted }) => {
    const files = ["/m/a.ko", "/m/16k-mode/a.ko", "/m/b.ko"].map((path) => file(path));
    const collection = new SymbolCollection(files, config);
    expect(collection.wanted.map(({ path }) => path)).toEqual(wanted);
    expect(collection.skipped).toEqual([]);
  });

  it("are all of them where a kernel of large pages has no other ones", () => {
    const collection = new SymbolCollection([file("/m/a.ko")], new Map([["CONFIG_ARM64_16K_PAGES", "1"]]));
    expect(collection.wanted).toHaveLength(1);
  });
});

it("what a module does not tell is left out, the rest is counted", () => {
  const collection = new SymbolCollection<ReturnType<typeof file>>([], new Map());
  const module = moduleBytes({ versions: { kfree: 1 } });
  collection.add(file("/m/a.ko"), module);
  collection.add(file("/m/b.ko.gz"), gzipSync(module));
  collection.add(file("/m/c.ko.gz"), module);
  collection.add(file("/m/d\u001b[1m.ko"), Buffer.from("text"));
  expect({ modules: collection.modules, symbols: collection.versions.size }).toEqual({
    modules: 2,
    symbols: 1,
  });
  expect(describeSkipped(collection.skipped)).toEqual([
    "left out /m/c.ko.gz: it cannot be unpacked",
    "left out /m/d\\x1b[1m.ko: it is no ELF file",
  ]);
});
