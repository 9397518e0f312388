import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = `${root}dist`;

/**
 * A set-up of vitest: builds `dist/xz-worker.js`, for Node 20 starts no worker from TypeScript. A worker that is
 * already there in this form is left alone, so that a test run beside this one never meets half of a file.
 */
export default async function buildWorker(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["host/archive/xz-worker.ts"],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20.17",
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const [worker] = outputFiles;
  if (worker === undefined) throw new Error("esbuild gave no worker");
  const file = `${dist}/xz-worker.js`;
  if (existsSync(file) && readFileSync(file).equals(worker.contents)) return;
  mkdirSync(dist, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, worker.contents);
  renameSync(unfinished, file);
}
