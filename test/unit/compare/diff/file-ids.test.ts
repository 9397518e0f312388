import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileIdsOf } from "../../../../host/compare/diff/file-ids.js";
import { diffFiles } from "../../../../host/compare/diff/headers.js";
import { temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { folderWith, generated, importFrom, kernelArchive } from "../../../support/import-files.js";

describe("the files of a tree", () => {
  it("are the same whether its manifest tells of them or its folder is read", async () => {
    const source = folderWith({ "kheaders.tar.xz": kernelArchive({ "include/linux/a.h": "int a;\n" }) });
    const { cache, digest, tree } = await importFrom([join(source, "kheaders.tar.xz")]);
    const cached = await fileIdsOf({ from: "cache", tree, digest, entry: undefined }, cache);
    const read = await fileIdsOf({ from: "folder", tree }, cache);
    expect([...cached.keys()]).toEqual(
      expect.arrayContaining([...Object.keys(generated), "include/linux/a.h"]),
    );
    expect(diffFiles(cached, read)).toMatchObject({ files: [], same: cached.size });
  });

  it("are also links, by where they lead", async () => {
    const folders = ["a.h", "b.h"].map((target) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "include"));
      writeFileSync(join(folder, "include/a.h"), "");
      symlinkSync(target, join(folder, "include/link.h"));
      return folder;
    });
    const [old, now] = await Promise.all(
      folders.map((tree) => fileIdsOf({ from: "folder", tree }, temporaryCache())),
    );
    if (old === undefined || now === undefined) throw new Error("there are two");
    expect(diffFiles(old, now).files).toEqual([{ path: "include/link.h", change: "changed" }]);
  });
});
