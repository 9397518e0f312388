import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultFileVariable, faultTable } from "./fault-table.js";

/** Collects what the tests try, and prints the table of it when all have run (vitest's globalSetup). */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-faults-"));
  const file = join(folder, "faults");
  process.env[faultFileVariable] = file;
  return () => {
    const table = faultTable(file);
    if (table !== "") console.log(`\nFaults tried:\n${table}\n`);
    rmSync(folder, { recursive: true });
  };
}
