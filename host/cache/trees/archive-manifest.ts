import { membersOfArchive, type ReadArchiveOptions } from "../../archive/read-file.js";
import { type Manifest, type ManifestEntry, manifestEntryOf } from "./manifest.js";

/** The manifest of the tree that an archive makes; throws as {@link membersOfArchive}. */
export async function manifestOfArchive(file: string, options: ReadArchiveOptions): Promise<Manifest> {
  const manifest: ManifestEntry[] = [];
  for await (const entry of membersOfArchive(file, options)) manifest.push(manifestEntryOf(entry));
  return manifest;
}
