import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundlePrograms, root } from "../../scripts/bundle.js";

const dist = join(root, "dist");

/**
 * A set-up of vitest: builds `dist/xz-worker.js`, for Node 20 starts no worker from TypeScript. A worker that is
 * already there in this form is left alone, so that a test run beside this one never meets half of a file.
 */
export default async function buildWorker(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const made = mkdtempSync(join(dist, ".worker-"));
  try {
    await bundlePrograms({ "xz-worker": "host/archive/xz/worker.ts" }, made);
    // The kind of the worker's module is told by the package.json beside it.
    for (const file of ["package.json", "xz-worker.js"]) replace(join(dist, file), join(made, file));
  } finally {
    rmSync(made, { recursive: true });
  }
}

function replace(file: string, by: string): void {
  if (!existsSync(file) || !readFileSync(file).equals(readFileSync(by))) renameSync(by, file);
}
