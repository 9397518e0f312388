import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Makes a folder such as a build leaves: some files, and a folder that may not be written. */
export function writeExtra(folder: string): void {
  mkdirSync(path.join(folder, "scripts/closed"), { recursive: true });
  writeFileSync(path.join(folder, "Module.symvers"), "symbols\n".repeat(5000));
  writeFileSync(path.join(folder, "scripts/closed/file"), "", { mode: 0o444 });
}

/** What {@link writeExtra} makes, as `listTree` lists it. */
export const writtenExtra = [
  `file 644 Module.symvers: ${"symbols\n".repeat(5000)}`,
  "folder 755 scripts",
  "folder 755 scripts/closed",
  "file 444 scripts/closed/file: ",
];
