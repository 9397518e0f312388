/** Lower-case hex of a SHA-256 (FIPS 180-4): 64 digits. */
export type Digest = string & { readonly __digest: unique symbol };

/** Lower-case hex of a GNU build-id, as in the note of type NT_GNU_BUILD_ID: mostly 40 digits. */
export type BuildId = string & { readonly __buildId: unique symbol };

/** Returns `text` as a digest, or undefined if it is not one. */
export function asDigest(text: string): Digest | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** Returns `text` as the beginning of a digest, or undefined if it is too short to name one. */
export function asDigestBeginning(text: string): string | undefined {
  return /^[0-9a-f]{8,64}$/.test(text) ? text : undefined;
}

/** Returns `text` as a build-id (8 to 64 bytes of hex), or undefined if it is not one. */
export function asBuildId(text: string): BuildId | undefined {
  return /^(?:[0-9a-f]{2}){8,64}$/.test(text) ? (text as BuildId) : undefined;
}

/** What users think of as "this kernel on this build": the cache's key. One key may have several kernels. */
export interface KernelKey {
  /** `ro.build.fingerprint`. */
  readonly fingerprint: string;
  /** `uname -r`. */
  readonly release: string;
}

/** All that is known of a running kernel. What the device does not show is undefined. */
export interface KernelIdentity extends KernelKey {
  /** `uname -v`. */
  readonly version: string;
  /** `uname -m`. */
  readonly machine: string;
  /** `/proc/sys/kernel/random/boot_id`: within one boot the kernel cannot change. */
  readonly bootId: string | undefined;
  /** SHA-256 of the unpacked `/proc/config.gz`. */
  readonly configDigest: Digest | undefined;
  /** From `/sys/kernel/notes`. */
  readonly buildId: BuildId | undefined;
}

/** What is known of a kernel that no device need run now: of files that were imported, often less than a device tells. */
export interface KnownKernel extends Pick<KernelIdentity, "release" | "configDigest" | "buildId"> {
  readonly fingerprint: string | undefined;
  readonly version: string | undefined;
  readonly machine: string | undefined;
}

/** How the device offered the archive. `file`: taken out of a module or image file; `store`: out of a store that hosts share. */
export type Source = "built-in" | "loaded" | "module" | "file" | "store";
