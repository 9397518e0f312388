import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkModules } from "../../../../host/build/module/check-modules.js";
import { completePullOptions } from "../../../../host/pull/options.js";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { writeFakeClang } from "../../../support/fake-clang.js";
import { writeTree } from "../../../support/kernel-tree.js";
import { type ModuleParts, moduleBytes } from "../../../support/module-builder.js";

let folder: string;
let clang: string;
const flags = "SMP mod_unload modversions ";
const warnings: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-test-"));
  clang = writeFakeClang(folder, { clangBody: `echo 'kheaders_vermagic "6.1.57-android14-11 " "${flags}"'` });
  warnings.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A tree with the symbol versions of a whole kernel. */
function tree(symvers?: string): string {
  const files = symvers === undefined ? {} : { "Module.symvers": symvers };
  const macros = ["CONFIG_64BIT 1", "CONFIG_MODVERSIONS 1"];
  return writeTree(join(folder, "tree"), { arch: "x86", macros, files });
}
const symvers = `0x00000001\tmodule_layout\tvmlinux\tEXPORT_SYMBOL\t
0x00000002\t_printk\tvmlinux\tEXPORT_SYMBOL_GPL\t
0x00000003\thelp\thelper\tEXPORT_SYMBOL\t
`;

const hello: ModuleParts = {
  modinfo: ["name=hello", "license=GPL", `vermagic=6.1.1 ${flags}`],
  versions: { module_layout: 1, _printk: 2, help: 3, other: 4 },
  symbols: [{ name: "_printk" }, { name: "help" }],
};

function write(name: string, content: Uint8Array | string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const check = async (paths: readonly string[], what = tree(symvers)) => {
  const onProgress = (event: { type: string; message?: string }) => {
    if (event.type === "warning") warnings.push(event.message ?? "");
  };
  const pull = await completePullOptions({ cache: temporaryCache(), onProgress });
  return checkModules({ paths, tree: what, clang, pull });
};

it("a module that fits is told with the modules that it needs", async () => {
  const file = write("hello.ko", moduleBytes(hello));
  expect(await check([file])).toEqual({
    release: "6.1.57-android14-11",
    modules: [{ file, fits: "yes", misfits: [], needs: ["helper"] }],
  });
});

it("a folder is searched for modules, packed ones too, and these may use each other's symbols", async () => {
  write("modules/a/one.ko.gz", gzipSync(moduleBytes({ ...hello, symbols: [{ name: "other" }] })));
  write(
    "modules/b/two.ko",
    moduleBytes({ ...hello, symbols: [{ name: "__ksymtab_other", section: "__ksymtab" }] }),
  );
  write("modules/readme", "");
  const { modules } = await check([join(folder, "modules")]);
  expect(modules.map(({ file, fits }) => [file, fits])).toEqual([
    [join(folder, "modules/a/one.ko.gz"), "yes"],
    [join(folder, "modules/b/two.ko"), "yes"],
  ]);
});

it("without symbol versions and without clang nothing is known to fit", async () => {
  const file = write("hello.ko", moduleBytes(hello));
  clang = "/no/clang";
  const { modules } = await check([file], tree());
  expect(modules[0]?.fits).toBe("unknown");
  expect(modules[0]?.misfits.map(({ check: what }) => what)).toEqual(["vermagic", "versions", "symbols"]);
  expect(warnings).toEqual(["the tree has no Module.symvers (kheaders symvers makes one)"]);
});

describe("refuses before a kernel is looked for", () => {
  it.each([
    ["missing.ko", undefined, /cannot read .*missing\.ko: no such file/],
    ["text.ko", "not ELF", /text\.ko is not a kernel module: it is not an ELF file/],
    ["packed.ko.xz", "", /compressed, but not with gzip/],
    ["broken.ko.gz", "gzip?", /cannot be unpacked/],
    ["empty/readme", "", /empty has no modules/],
  ])("%s", async (name, content, message) => {
    const file = content === undefined ? join(folder, name) : write(name, content);
    const path = name === "empty/readme" ? join(folder, "empty") : file;
    await expect(check([path], "/no/such/tree")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(message),
    });
  });
});
