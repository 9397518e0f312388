import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCommand, bundleLibraries, bundlePrograms, root } from "../../../scripts/bundle.js";
import { thirdPartyNotices } from "../../../scripts/notices.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-notices-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the third-party notices", () => {
  it("hold a licence text for each package that is shipped", async () => {
    const bundles = [
      await bundlePrograms({ "xz-worker": "host/archive/xz/worker.ts" }, folder),
      await bundleCommand(folder),
      await bundleLibraries({ index: "host/index.ts" }, folder),
    ];
    const [, ...notices] = thirdPartyNotices(bundles).split(/^(?=\S+ \d+\.\d+\.\d+ \([\w.-]+\)$)/m);
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const name of ["@devicefarmer/adbkit", "commander", "env-paths", "xz-decompress"]) {
      expect(notices.map((notice) => notice.split("\n")[0])).toContainEqual(
        expect.stringContaining(`${name} ${devDependencies[name]} (`),
      );
    }
    for (const notice of notices) expect(notice.length, notice).toBeGreaterThan(400);
  });

  it("name the parts of xz-decompress, which brings no licence file", () => {
    const notices = thirdPartyNotices([
      { inputs: { "node_modules/xz-decompress/dist/package/xz-decompress.js": { bytes: 1, imports: [] } } },
    ]);
    for (const part of [
      "xzwasm",
      "Steve Sanderson",
      "Igalia",
      "Lasse Collin",
      "Permission is hereby granted",
    ])
      expect(notices).toContain(part);
  });

  it("are not made if a package has no licence text", () => {
    const bare = join(folder, "node_modules/bare");
    mkdirSync(bare, { recursive: true });
    writeFileSync(join(bare, "package.json"), '{ "name": "bare", "version": "1.0.0", "license": "MIT" }');
    const inputs = { [join(relative(root, bare), "index.js")]: { bytes: 1, imports: [] } };
    expect(() => thirdPartyNotices([{ inputs }])).toThrow("bare has no licence text");
    writeFileSync(join(bare, "LICENSE"), "Do what you like.\n");
    expect(thirdPartyNotices([{ inputs }])).toContain("bare 1.0.0 (MIT)\n\nDo what you like.\n");
  });
});
