import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { expect, onTestFinished, test } from "vitest";
import { openCache } from "../../../host/cache/index.js";
import { archiveOf, temporaryCache } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";

becomeOrdinaryUser();

const everyMode = 0o755;

/** Has the disk show one mode for all, whatever is set, as FAT does. */
function keepNoModes(): void {
  const { chmodSync, fchmodSync, mkdirSync, openSync } = fs;
  const umask = process.umask(0);
  Object.assign(fs, {
    chmodSync: () => undefined,
    fchmodSync: () => undefined,
    mkdirSync: (folder: fs.PathLike) => mkdirSync(folder, everyMode),
    openSync: (file: fs.PathLike, flags: fs.OpenMode) => openSync(file, flags, everyMode),
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    process.umask(umask);
    Object.assign(fs, { chmodSync, fchmodSync, mkdirSync, openSync });
    syncBuiltinESMExports();
  });
}

test("what the disk cannot keep is not damage, at once and after a reboot; what it can is", async () => {
  keepNoModes();
  const cache = temporaryCache({ hostBootId: () => "first" });
  const pull = { identity: kernel(), serial: "serial", archive: () => archiveOf() };
  const { tree } = await pullInto(cache, pull);
  expect(fs.statSync(`${tree}/include/linux/sched.h`).mode & 0o777).toBe(everyMode);
  expect(await cache.verify({ repair: true })).toMatchObject({ checked: 1, problems: [] });
  const rebooted = openCache({ dir: cache.dir, tool: "1.2.3", hostBootId: () => "second" });
  const { ino } = fs.statSync(tree);
  expect(await pullInto(rebooted, pull)).toMatchObject({ hit: true });
  expect(fs.statSync(tree).ino).toBe(ino);
  fs.writeFileSync(`${tree}/include/linux/sched.h`, "struct task_struct { int PID; };\n");
  expect(await cache.verify({ repair: false })).toMatchObject({
    problems: [{ what: "tree", detail: "include/linux/sched.h has different content" }],
  });
});
