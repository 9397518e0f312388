import type { AdbServer } from "../lab/index.js";

/** Files and folders of a device's storage by name: size in bytes, and all that shows a change. */
export type Storage = ReadonlyMap<string, { readonly bytes: number; readonly state: string }>;

/** Lists all that lies on a device but what its kernel makes up (/proc, /sys, /dev). */
export async function storageOf(adb: AdbServer, serial: string): Promise<Storage> {
  const apart = ["/proc", "/sys", "/dev"].map((folder) => `-path ${folder}`).join(" -o ");
  const list = `find / \\( ${apart} \\) -prune -o -exec stat -c '%s %f %y %z %n' {} +`;
  const { stdout, stderr, status } = await adb.adb("-s", serial, "shell", list);
  if (status !== 0) throw new Error(`the device's storage cannot be listed: ${stderr}`);
  return parseStorage(stdout);
}

/** Parses lines of size, other facts, and a name that begins with a slash. */
export function parseStorage(listing: string): Storage {
  const lines = listing.matchAll(/^(\d+) (.*?) (\/.*)$/gm);
  return new Map(
    Array.from(lines, ([, bytes, state = "", name = ""]) => [name, { bytes: Number(bytes), state }]),
  );
}

/** The bytes of all files that are new or changed. */
export function bytesWritten(before: Storage, after: Storage): number {
  let written = 0;
  for (const [name, { bytes, state }] of after) {
    const old = before.get(name);
    if (old?.bytes !== bytes || old.state !== state) written += bytes;
  }
  return written;
}
