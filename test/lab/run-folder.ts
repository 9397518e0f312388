import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import { isAlive } from "./cached.js";
import { labRunFolder } from "./paths.js";

/**
 * Makes the folder of a device that lives as long as this process, and removes those whose process is gone.
 *
 * @throws Error when a device of this name runs, or the name cannot be one.
 */
export async function createRunFolder(name: string): Promise<string> {
  if (!/^[\w.-]+$/.test(name))
    throw new Error(`${name} cannot be the name of a device: use letters, digits, . _ -`);
  await mkdir(labRunFolder(), { recursive: true, mode: 0o700 });
  await removeDead();
  const folder = join(labRunFolder(), name);
  try {
    await mkdir(folder);
  } catch (cause) {
    if (errnoOf(cause) !== "EEXIST") throw cause;
    throw new Error(`there is a device ${name} already: npm run lab -- stop ${name}`, { cause });
  }
  await setOwner(folder, process.pid);
  return folder;
}

/** Says which process a device's folder lives as long as. */
export async function setOwner(folder: string, pid: number): Promise<void> {
  await writeFile(join(folder, "owner"), String(pid));
}

/** The folders of all devices. */
export async function runFolders(): Promise<string[]> {
  const names = await readdir(labRunFolder()).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
  return names.sort().map((name) => join(labRunFolder(), name));
}

async function removeDead(): Promise<void> {
  for (const folder of await runFolders()) {
    const owner = await readIfThere(join(folder, "owner"));
    // A folder without an owner is just being made.
    if (owner && !isAlive(Number(owner))) await rm(folder, { recursive: true, force: true });
  }
}

/** The text of a file, or undefined where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
