import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { copyFiles } from "../../../../host/build/kbuild/copy-files.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

const { signal } = new AbortController();

function sourceFolder(): string {
  const from = temporaryFolder();
  mkdirSync(join(from, "sub"));
  writeFileSync(join(from, "sub/tool"), "#!/bin/sh\n", { mode: 0o555 });
  writeFileSync(join(from, "other"), "other");
  symlinkSync("sub/tool", join(from, "link"));
  symlinkSync("nowhere", join(from, "broken"));
  return from;
}

it("replaces what is there, keeps the rest, and makes writable copies", async () => {
  const [from, to] = [sourceFolder(), temporaryFolder()];
  writeFileSync(join(to, "other"), "old");
  writeFileSync(join(to, "kept"), "kept");
  const isWanted = (path: string) => path !== "link";
  await copyFiles(from, to, { signal, isWanted, followsLinks: true });
  expect(readFileSync(join(to, "other"), "utf8")).toBe("other");
  expect(readFileSync(join(to, "kept"), "utf8")).toBe("kept");
  expect(statSync(join(to, "sub/tool")).mode & 0o777).toBe(0o755);
  expect(lstatSync(join(to, "link"), { throwIfNoEntry: false })).toBeUndefined();
});

it("follows links or keeps them", async () => {
  const [from, followed, kept] = [sourceFolder(), temporaryFolder(), temporaryFolder()];
  await copyFiles(from, followed, { signal, isWanted: () => true, followsLinks: true });
  expect(lstatSync(join(followed, "link")).isFile()).toBe(true);
  expect(lstatSync(join(followed, "broken"), { throwIfNoEntry: false })).toBeUndefined();
  await copyFiles(from, kept, { signal, isWanted: () => true, followsLinks: false });
  expect(readlinkSync(join(kept, "link"))).toBe("sub/tool");
});

it("ends at a link that leads up", async () => {
  const from = temporaryFolder();
  mkdirSync(join(from, "sub"));
  symlinkSync("..", join(from, "sub/up"));
  await expect(
    copyFiles(from, temporaryFolder(), { signal, isWanted: () => true, followsLinks: true }),
  ).rejects.toThrow(expect.objectContaining({ code: "usage" }));
});
