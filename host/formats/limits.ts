/** The limits of a kernel file, in one place: a file that is over one is refused with `file-refused`. */
export interface KernelFileLimits {
  /** Forms within each other: a boot image that holds gzip that holds an image is three. */
  readonly depth: number;
  /** Bytes that one compressed form may give. They go to a temporary file. */
  readonly unpackedBytes: number;
  /** Bytes that all of them together may give. */
  readonly allUnpackedBytes: number;
  /** Memory that a decoder is asked for, in bytes. */
  readonly dictionaryBytes: number;
  /** Places in one image that begin as one of the things that are looked for. */
  readonly marks: number;
  /** Places in one image that begin as xz data does, with a right checksum: each is decoded as far as it is a tar archive. */
  readonly xzStreams: number;
  /** Bytes of a compressed configuration. */
  readonly configBytes: number;
  /** Bytes of the text of a configuration. */
  readonly configTextBytes: number;
}

const MiB = 1024 * 1024;

/**
 * The limits of the tool, which `docs/archive-limits.md` tells the user. For comparison: a GKI image has 40 MB, a vmlinux
 * with debug information 500 MB, a compressed configuration 50 KB.
 */
export const kernelFileLimits: KernelFileLimits = {
  depth: 6,
  unpackedBytes: 1024 * MiB,
  allUnpackedBytes: 2048 * MiB,
  // The kernel's own `zstd -22 --ultra`; xz -9 and the kernel's xz need 64 MiB.
  dictionaryBytes: 128 * MiB,
  // An image has one or two of each.
  marks: 10_000,
  xzStreams: 64,
  configBytes: MiB,
  configTextBytes: 8 * MiB,
};
