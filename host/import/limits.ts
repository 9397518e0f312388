/**
 * The limits of what may be imported, beside those of kernel files (`formats/limits.ts`) and of archives
 * (`archive/limits.ts`). What is over one is refused with `file-refused`; `docs/archive-limits.md` tells the user the same
 * figures.
 */
export interface ImportLimits {
  /** Containers within each other: a package in a tar archive is two. */
  readonly depth: number;
  /** Containers in all. */
  readonly containers: number;
  /** Bytes of one download. */
  readonly downloadBytes: number;
  /** Bytes on the disk of all temporary files: downloads, and what is taken out of containers. */
  readonly extractedBytes: number;
  /** Files, folders and links that are looked at. */
  readonly members: number;
  /** Folders within each other. */
  readonly folders: number;
  /** Files that hold a kernel or its headers. Each is held open. */
  readonly kernelFiles: number;
  /** Bytes of a text: a configuration, a `Module.symvers`. It is held in memory. */
  readonly textBytes: number;
  /** Bytes of all texts together. */
  readonly allTextBytes: number;
  /** Redirects of one address. */
  readonly redirects: number;
}

const GiB = 1024 * 1024 * 1024;

/** The limits of the tool. For comparison: a full build tree has 200,000 files and 20 GB, a GKI system_dlkm 100 and 60 MB. */
export const importLimits: ImportLimits = {
  depth: 4,
  containers: 64,
  downloadBytes: 4 * GiB,
  extractedBytes: 8 * GiB,
  members: 500_000,
  folders: 24,
  kernelFiles: 64,
  textBytes: 16 * 1024 * 1024,
  allTextBytes: 48 * 1024 * 1024,
  redirects: 5,
};
