import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceEntry } from "./newc.js";

/** Writes entries below `folder`. Whoever runs this owns them; folders must come before what is in them. */
export async function writeEntries(entries: readonly DeviceEntry[], folder: string): Promise<void> {
  for (const entry of entries) {
    const path = join(folder, entry.path);
    if (entry.type === "folder") await mkdir(path, { mode: entry.mode, recursive: true });
    if (entry.type === "file") await writeFile(path, entry.content, { mode: entry.mode });
    if (entry.type === "link") await symlink(entry.target, path);
  }
}
