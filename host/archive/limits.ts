/**
 * The limits of an archive, in one place. An archive comes from a device that may be hostile; one that is over a limit is
 * refused with `archive-refused`. `docs/archive-limits.md` tells the user the same figures.
 */
export interface ArchiveLimits {
  /** Bytes of the archive as it came. */
  readonly compressedBytes: number;
  /** Bytes after the xz decoder: the whole tar stream, its headers and padding included. */
  readonly unpackedBytes: number;
  /** Memory that the xz decoder is asked for: the dictionary of any block, in bytes. */
  readonly dictionaryBytes: number;
  /** Files, folders and links, with the folders that are only implied by a path. */
  readonly members: number;
  /** Bytes of one file. Content is handed over whole, so this also bounds memory. */
  readonly fileBytes: number;
  /** Bytes of a path or a link target, in UTF-8. */
  readonly pathBytes: number;
  /** Bytes of all paths and link targets together. They are kept in memory to the end. */
  readonly allPathBytes: number;
  /** Bytes of one component of a path, in UTF-8. */
  readonly nameBytes: number;
  /** Components of a path, and of what a link's target comes to. */
  readonly depth: number;
  /** Symbolic links in the whole archive. */
  readonly links: number;
  /** Links that are left out because they stand for files outside the tree. */
  readonly leftOutLinks: number;
  /** Links that one link's target may lead through. */
  readonly linkHops: number;
  /** Bytes of one pax extended header. */
  readonly paxBytes: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * The limits of the tool. The archive of a 6.1 kernel, for comparison: 4 MB compressed, 32 MB unpacked, 6,400 members,
 * three links, no file over 1 MB, paths under 100 bytes and 10 components, 300 KB of paths; one that also builds modules is twice that.
 */
export const archiveLimits: ArchiveLimits = {
  // The archive is part of a kernel module, which lies in the device's memory while it is loaded.
  compressedBytes: 64 * MiB,
  // Sixteen times the largest tree known; fits into the memory file system of a small build machine.
  unpackedBytes: 512 * MiB,
  // What `xz -9` uses, and the most that the decoder takes.
  dictionaryBytes: 64 * MiB,
  // Four times as many as the largest archive known. Each takes memory to the end, a name on disk, and a turn to remove.
  members: 50_000,
  // The scripts of a module-building archive are compiled programs with debug information.
  fileBytes: 32 * MiB,
  // PATH_MAX is 4,096 on Linux and 1,024 on macOS, and counts the folder of the cache too.
  pathBytes: 768,
  // The source tree of Linux has 4 MB. Memory that is held for each byte is several times this.
  allPathBytes: 16 * MiB,
  // NAME_MAX of every common file system.
  nameBytes: 255,
  depth: 32,
  // The whole source tree of Linux has fewer than a hundred.
  links: 1_000,
  // A vendor links a few headers into the kernel's tree; a tree of links has thousands.
  leftOutLinks: 100,
  linkHops: 8,
  // The few keys that are accepted need a few hundred bytes.
  paxBytes: 64 * KiB,
};
