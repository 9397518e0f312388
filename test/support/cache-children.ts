import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Orders, Report } from "./cache-child.js";
import type { SentArchive } from "./cache-kernels.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The child's program. */
export interface ChildProgram {
  readonly file: string;
  remove(): void;
}

/**
 * Builds the child's program into a folder that every user may read. Built, it starts in a tenth of the time that it takes
 * from TypeScript.
 */
export async function buildChild(): Promise<ChildProgram> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "kheaders-child-"));
  chmodSync(folder, 0o755);
  await build({
    absWorkingDir: root,
    entryPoints: ["test/support/cache-child.ts"],
    outfile: path.join(folder, "child.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.17",
    logLevel: "warning",
  });
  copyFileSync(path.join(root, "dist", "xz-worker.js"), path.join(folder, "xz-worker.js"));
  return { file: path.join(folder, "child.mjs"), remove: () => rmSync(folder, { recursive: true }) };
}

/** Writes an archive for a child to read. */
export function writeArchive(file: string, archive: SentArchive): void {
  const entries = archive.entries.map((entry) =>
    entry.type === "file" ? { ...entry, content: Buffer.from(entry.content).toString("base64") } : entry,
  );
  writeFileSync(file, JSON.stringify({ bytes: Buffer.from(archive.bytes).toString("base64"), entries }));
}

/** A child that runs. */
export interface Child {
  readonly process: ChildProcess;
  /** What it has said so far. */
  readonly reports: readonly Report[];
  /** Resolves once it says something that fits; rejects if it ends before. */
  said(fits: (report: Report) => boolean): Promise<Report>;
  /** Resolves when it has ended, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

/** How to start a child, where it is not as we are. */
export interface ChildSettings {
  readonly environment?: NodeJS.ProcessEnv;
  /** The program of Node. */
  readonly node?: string | undefined;
}

/** Starts a child; what it has on standard error goes to ours. */
export function startChild(program: ChildProgram, orders: Orders, settings: ChildSettings = {}): Child {
  const { environment = process.env, node = process.execPath } = settings;
  const child = spawn(node, [program.file, JSON.stringify(orders)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: environment,
  });
  const reports: Report[] = [];
  const listeners = new Set<() => void>();
  let hasEnded = false;
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    reports.push(JSON.parse(line));
    changed();
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("close", (_status, signal) => {
      hasEnded = true;
      changed();
      resolve(signal);
    });
  });
  const said = (fits: (report: Report) => boolean) =>
    new Promise<Report>((resolve, reject) => {
      const look = () => {
        const report = reports.find(fits);
        if (report === undefined && !hasEnded) return;
        listeners.delete(look);
        if (report !== undefined) resolve(report);
        else reject(new Error(`the child ended, having said ${JSON.stringify(reports)}`));
      };
      listeners.add(look);
      look();
    });
  return { process: child, reports, said, ended };
}

/** Whether a report is of that step. */
export function isStep(step: string): (report: Report) => boolean {
  return (report) => "step" in report && report.step === step;
}
