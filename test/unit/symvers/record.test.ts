import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSymversRecord, type SymversRecord, writeSymversRecord } from "../../../host/symvers/record.js";
import { temporaryFolder } from "../../support/cache-fixture.js";

const record: SymversRecord = {
  symbols: 3,
  modules: 2,
  bytes: 1_000,
  skipped: [{ path: "/m/a.ko", reason: "it is too large" }],
  isPartial: true,
  denied: ["/vendor/lib/modules"],
  hasUnusableNames: false,
};

describe("the record of symbol versions", () => {
  it("is read as it was written", () => {
    const folder = temporaryFolder();
    expect(readSymversRecord(folder)).toBeUndefined();
    writeSymversRecord(folder, record);
    expect(readSymversRecord(folder)).toEqual(record);
  });

  it.each([true, false])("has its old key on disk for names that cannot be used: %s", (hasUnusableNames) => {
    const folder = temporaryFolder();
    const file = join(folder, "record.json");
    const { hasUnusableNames: _, ...rest } = record;
    const old = { format: 1, ...rest, hasUnspeakable: hasUnusableNames };
    writeFileSync(file, JSON.stringify(old));
    expect(readSymversRecord(folder)).toEqual({ ...record, hasUnusableNames });
    writeSymversRecord(folder, { ...record, hasUnusableNames });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(old);
  });

  it.each([
    ["cut short", '{"format":1,"symb'],
    ["another version's", JSON.stringify({ ...record, format: 2 })],
    ["not an object", "null"],
    ["of another shape", JSON.stringify({ ...record, format: 1, skipped: [null] })],
    ["without its counts", JSON.stringify({ format: 1, skipped: [], denied: [] })],
  ])("is as if it were missing if it is %s", (_, text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "record.json"), text);
    expect(readSymversRecord(folder)).toBeUndefined();
  });

  it("is not read if it is huge, or a FIFO", () => {
    const folder = temporaryFolder();
    const file = join(folder, "record.json");
    writeSymversRecord(folder, record);
    truncateSync(file, 100_000_000);
    expect(readSymversRecord(folder)).toBeUndefined();
    rmSync(file);
    execFileSync("mkfifo", [file]);
    expect(readSymversRecord(folder)).toBeUndefined();
  });
});
