import { createHash, randomBytes } from "node:crypto";
import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import { labCache } from "./paths.js";

const unfinished = /^\.unfinished-(\d+)-/;

/**
 * Gives the cached folder `name`, made by `make` where it does not exist yet.
 *
 * `make` fills a folder under a temporary name, which then gets its name by one rename: a build that is killed leaves
 * nothing half-made under the name, and of two that run at once the first one wins.
 */
export function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const target = join(labCache(), name);
  const running = inThisProcess.get(target) ?? makeOnce(target, make);
  inThisProcess.set(target, running);
  return running;
}

const inThisProcess = new Map<string, Promise<string>>();

async function makeOnce(target: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  await mkdir(labCache(), { recursive: true });
  await removeUnfinished();
  const folder = join(labCache(), `.unfinished-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(folder);
  try {
    await make(folder);
    await rename(folder, target);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOTEMPTY" && errno !== "EEXIST") throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

/** A short name for what something is made from, for use in a cached folder's name. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(createHash("sha256").update(part).digest());
  return hash.digest("hex").slice(0, 12);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Whether a process with this id lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}

/** Removes what builds left that were killed. */
async function removeUnfinished(): Promise<void> {
  for (const name of await readdir(labCache())) {
    const pid = unfinished.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(labCache(), name), { recursive: true, force: true });
  }
}
