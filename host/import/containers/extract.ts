import { chmodSync, lstatSync, readdirSync, type Stats } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { damaged, overFileLimit } from "../../formats/errors.js";
import { runTool, type ToolRun } from "../../process/tool.js";
import { type ImportLimits, importLimits } from "../limits.js";

/** What taking something out of a container needs. */
export interface ExtractOptions {
  readonly signal: AbortSignal;
  /** What the program reads from its standard input. */
  readonly input?: string;
  /** The folder whose content is measured: that which is written to, unless it is a part of a larger one. */
  readonly measured?: string;
  readonly limits?: ImportLimits;
}

/** A program that opens a container, and the Debian package that has it. */
export interface Opener {
  readonly program: string;
  readonly package: string;
}

/** Milliseconds between two looks at what a program has written so far; a look may take a fifth of the time. */
const minPause = 500;
const pauseShare = 5;
/** Bytes of a program's list of a container's content. */
const maxListBytes = 64 * 1024 * 1024;

/** Runs a program that lists what is in a container, and returns its output. Throws `file-corrupt` if it fails. */
export async function listWith(
  opener: Opener,
  args: readonly string[],
  options: ExtractOptions,
): Promise<string> {
  return succeeded(opener, await run(opener, args, options)).stdout;
}

/**
 * Runs a program that writes into `folder`, and ends it if that becomes more than the limits allow: what a container says
 * of its sizes is not to be trusted. Throws `file-refused`, `file-corrupt` if the program fails, or `tool-missing`.
 */
export async function extractWith(
  opener: Opener,
  args: readonly string[],
  folder: string,
  options: ExtractOptions,
): Promise<void> {
  const { measured = folder, limits } = options;
  const ended = new AbortController();
  const over = new AbortController();
  const watching = watch(measured, limits, ended.signal).catch((error: unknown) => over.abort(error));
  try {
    const signal = AbortSignal.any([options.signal, over.signal]);
    succeeded(opener, await run(opener, args, { ...options, signal }));
  } finally {
    ended.abort();
    await watching;
  }
  checkSize(measured, limits, makeReadable);
}

async function run(opener: Opener, args: readonly string[], options: ExtractOptions): Promise<ToolRun> {
  const hint = `Install it; on Debian: apt install ${opener.package}`;
  const ended = await runTool(opener.program, args, { ...options, hint, maxOutputBytes: maxListBytes });
  if (ended.isCut) throw overFileLimit("the list of what is in it", maxListBytes, "bytes");
  return ended;
}

function succeeded(opener: Opener, ended: ToolRun): ToolRun {
  if (ended.status === 0) return ended;
  const [line = `it ended with status ${ended.status}`] = ended.stderr.trim().split("\n");
  throw damaged(`${opener.program} cannot open it: ${printable(line.trim(), 300)}`);
}

async function watch(folder: string, limits: ImportLimits | undefined, ended: AbortSignal): Promise<void> {
  let pause = minPause;
  while (!ended.aborted) {
    try {
      await delay(pause, undefined, { signal: ended });
    } catch {
      return; // The program has ended.
    }
    const started = performance.now();
    checkSize(folder, limits);
    pause = Math.max(minPause, pauseShare * (performance.now() - started));
  }
}

/**
 * Throws `file-refused` if a folder holds more than a container may. What cannot be looked at counts nothing: it is being
 * written, or nobody may read it.
 *
 * @param onEach Called with each file and folder in it, before that is read.
 */
export function checkSize(
  folder: string,
  limits: ImportLimits = importLimits,
  onEach?: (file: string, stat: Stats) => void,
): void {
  let bytes = 0;
  let members = 0;
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of namesIn(next)) {
      members += 1;
      if (members > limits.members) throw overFileLimit("what is in it", limits.members, "files");
      const file = path.join(next, name);
      const stat = statIfThere(file);
      if (stat === undefined) continue;
      onEach?.(file, stat);
      if (stat.isDirectory()) pending.push(file);
      // Blocks of 512 bytes, as the disk has them (stat(2)): a sparse file takes no more.
      else bytes += 512 * stat.blocks;
      if (bytes > limits.extractedBytes) throw overFileLimit("what is in it", limits.extractedBytes, "bytes");
    }
  }
}

/** Lets us read what came out of a container with a mode that lets nobody. */
function makeReadable(file: string, stat: Stats): void {
  const needed = stat.isDirectory() ? 0o700 : stat.isFile() ? 0o400 : 0;
  if ((stat.mode & needed) !== needed) chmodSync(file, stat.mode | needed);
}

function namesIn(folder: string): string[] {
  return unlessHidden(() => readdirSync(folder)) ?? [];
}

function statIfThere(file: string): Stats | undefined {
  return unlessHidden(() => lstatSync(file));
}

function unlessHidden<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Runs the first of several programs that is installed. Throws `tool-missing`, naming all packages, if none is. */
export async function withFirstInstalled<T>(
  openers: readonly Opener[],
  use: (opener: Opener) => Promise<T>,
): Promise<T> {
  let missing: KheadersError | undefined;
  for (const opener of openers) {
    try {
      return await use(opener);
    } catch (error) {
      if (!(error instanceof KheadersError) || error.code !== "tool-missing") throw error;
      missing = error;
    }
  }
  const names = openers.map(({ program }) => program).join(" nor ");
  const packages = openers.map((opener) => opener.package).join(" or ");
  const neither = openers.length > 1 ? `neither ${names} was found` : `${names} was not found`;
  throw new KheadersError("tool-missing", `${neither}, to open it with`, {
    hint: `Install one; on Debian: apt install ${packages}`,
    cause: missing,
  });
}
