import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";

/** A kernel's version by its source, whatever its release is called. */
export interface KernelVersion {
  /** As `6.1`. */
  readonly series: string;
  /** The third number. */
  readonly patchLevel: number;
}

/** As `6.1.57`. */
export function versionText({ series, patchLevel }: KernelVersion): string {
  return `${series}.${patchLevel}`;
}

/** The version that the top Makefile of a kernel's source states in its first lines. */
export function versionInMakefile(makefile: string): KernelVersion | undefined {
  const numberOf = (name: string) => new RegExp(`^${name} = (\\d{1,9})$`, "m").exec(makefile)?.[1];
  const [version, series, patchLevel] = ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map(numberOf);
  if (version === undefined || series === undefined) return undefined;
  return { series: `${version}.${series}`, patchLevel: Number(patchLevel ?? 0) };
}

/** The file of a tree with the version of its source (Linux Makefile, filechk_version.h). */
const versionPath = "include/generated/uapi/linux/version.h";

/**
 * The version of a tree's source. A release may say less: Debian's `6.1.0-56-amd64` is 6.1.192. Without `version.h` it is
 * taken from the release; undefined if that does not begin with a version.
 */
export function versionOfTree(tree: string, release: string): KernelVersion | undefined {
  return versionInHeader(readHeader(tree)) ?? versionInRelease(release);
}

/** The version in the text of `version.h`. Its one number has 8 bits for the patch level, which 4.14.336 does not fit in. */
export function versionInHeader(text: string): KernelVersion | undefined {
  const numberOf = (name: string) => new RegExp(`^#define ${name} (\\d{1,9})$`, "m").exec(text)?.[1];
  const code = numberOf("LINUX_VERSION_CODE");
  if (code === undefined) return undefined;
  const number = Number(code);
  const patchLevel = numberOf("LINUX_VERSION_SUBLEVEL");
  return {
    series: `${number >> 16}.${(number >> 8) & 0xff}`,
    patchLevel: patchLevel === undefined ? number & 0xff : Number(patchLevel),
  };
}

function versionInRelease(release: string): KernelVersion | undefined {
  const [, series, patchLevel] = /^(\d{1,9}\.\d{1,9})(?:\.(\d{1,9}))?/.exec(release) ?? [];
  return series === undefined ? undefined : { series, patchLevel: Number(patchLevel ?? 0) };
}

function readHeader(tree: string): string {
  try {
    return readFileSync(join(tree, versionPath), "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return "";
    throw error;
  }
}
