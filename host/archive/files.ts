import path from "node:path";
import { membersOfArchive } from "./read-file.js";

/** The content of an archive's files, by path relative to the tree's root, in the order of the archive. */
export type FileMap = ReadonlyMap<string, Uint8Array>;

/** The files of an archive, in memory. Nothing is read before they are asked for. */
export interface ArchiveFiles {
  /**
   * Decodes the archive, once: all callers get the same map. After an error, the next call tries again. Symbolic links to
   * files are given as the files that they lead to.
   *
   * @throws KheadersError `archive-refused` or `archive-corrupt`; the system's error if it cannot be read; the signal's
   * reason when it aborts.
   */
  files(): Promise<FileMap>;
}

/**
 * The files of a compressed archive (`kheaders.tar.xz`), without writing any of them: for tools that feed a compiler's
 * virtual file system. They take as much memory as the tree takes disk, about 30 MB.
 */
export function archiveFiles(
  archive: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): ArchiveFiles {
  let decoded: Promise<FileMap> | undefined;
  return {
    files() {
      decoded ??= decode(archive, options.signal).catch((error: unknown) => {
        decoded = undefined;
        throw error;
      });
      return decoded;
    },
  };
}

async function decode(archive: string, signal: AbortSignal | undefined): Promise<FileMap> {
  const files = new Map<string, Uint8Array>();
  const links: { path: string; target: string }[] = [];
  for await (const member of membersOfArchive(archive, { caseInsensitive: false, signal })) {
    if (member.type === "file") files.set(member.path, new Uint8Array(member.content));
    else if (member.type === "link")
      links.push({
        path: member.path,
        target: path.posix.join(path.posix.dirname(member.path), member.target),
      });
  }
  // A link may lead to another that comes later: each round resolves the links whose targets are known by now.
  for (let unresolved = links; unresolved.length > 0; ) {
    const rest = unresolved.filter(({ path, target }) => {
      const content = files.get(target);
      if (content !== undefined) files.set(path, content);
      return content === undefined;
    });
    if (rest.length === unresolved.length) break; // What is left leads to folders, or nowhere.
    unresolved = rest;
  }
  return files;
}
