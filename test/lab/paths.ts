import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The folder that keeps what is slow to make: `$KHEADERS_LAB_CACHE`, else `kheaders-lab` in the user's cache folder.
 * Deleting it is always safe; the next use makes it anew.
 */
export function labCache(): string {
  const { KHEADERS_LAB_CACHE, XDG_CACHE_HOME } = process.env;
  return KHEADERS_LAB_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "kheaders-lab");
}

/**
 * The folder of what runs now, one folder a device. It is short, because a Unix socket's path has at most 107 bytes
 * (unix(7)), and of this user alone.
 */
export function labRunFolder(): string {
  return process.env.KHEADERS_LAB_RUN || join(tmpdir(), `kheaders-lab-${process.getuid?.() ?? 0}`);
}

/** The sources of what runs on the devices. */
export const deviceSources = join(import.meta.dirname, "device");
