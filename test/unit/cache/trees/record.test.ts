import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CachePaths } from "../../../../host/cache/disk/paths.js";
import { readTreeRecord, type TreeRecord, writeTreeRecord } from "../../../../host/cache/trees/record.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const digest = digestNamed("archive");

const record: TreeRecord = {
  digest,
  bytes: 1000,
  manifest: digestNamed("manifest"),
  files: 5,
  folders: 3,
  links: 1,
  unpackedBytes: 4000,
  hostBoot: "boot",
  settled: false,
  keepsModes: true,
};

function emptyCache(): CachePaths {
  const paths = new CachePaths(temporaryFolder());
  mkdirSync(paths.trees);
  return paths;
}

test.each([
  ["an ordinary record", record],
  ["one of a workstation without a boot id", { ...record, hostBoot: undefined }],
  ["one of a disk that does not keep permissions", { ...record, settled: true, keepsModes: false }],
])("%s is read as it was written", (_what, written) => {
  const paths = emptyCache();
  writeTreeRecord(paths, written);
  expect(readTreeRecord(paths, digest)).toEqual(written);
});

test("a record from before keepsModes is of a disk that keeps permissions", () => {
  const paths = emptyCache();
  writeTreeRecord(paths, record);
  expect(readFileSync(paths.record(digest), "utf8")).not.toContain("keepsModes");
  expect(readTreeRecord(paths, digest)?.keepsModes).toBe(true);
});

test("a record under the name of another digest does not count", () => {
  const paths = emptyCache();
  const other = digestNamed("other");
  writeTreeRecord(paths, record);
  renameSync(paths.record(digest), paths.record(other));
  expect(readTreeRecord(paths, other)).toBeUndefined();
});

test.each(["digest", "bytes", "manifest", "files", "settled"])(
  "a record without %s does not count",
  (field) => {
    const paths = emptyCache();
    writeTreeRecord(paths, record);
    const fields: object = JSON.parse(readFileSync(paths.record(digest), "utf8"));
    writeFileSync(paths.record(digest), JSON.stringify({ ...fields, [field]: undefined }));
    expect(readTreeRecord(paths, digest)).toBeUndefined();
  },
);
