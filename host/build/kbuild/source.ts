import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { type KernelVersion, versionInMakefile } from "../../kernel/version.js";

/** What lends its build system: a kernel's source, or a folder in which modules can be built. */
export interface KbuildSource {
  /** Absolute. */
  readonly path: string;
  readonly kind: "folder" | "archive";
  /** 12 hexadecimal digits; others if it is changed, as far as the times of its main files tell. */
  readonly id: string;
}

/** The files of a folder whose times and sizes tell that it was changed. */
const stampedFiles = ["Makefile", "scripts/Makefile.build", "scripts/mod/modpost", "scripts/mod/modpost.c"];

/** Finds a source. @throws KheadersError `usage` if it is neither a folder nor a tar archive. */
export function findKbuildSource(named: string): KbuildSource {
  const path = resolve(named);
  const stat = statOf(path);
  const kind = stat.isDirectory() ? "folder" : "archive";
  if (kind === "archive" && !/\.(tar(\.\w+)?|t[gx]z)$/.test(path)) {
    throw new KheadersError("usage", `${printable(named, 4096)} is neither a folder nor a tar archive`, {
      hint: "Name a kernel source, packed as .tar.xz or .tar.gz or not, or a linux-headers folder.",
    });
  }
  const stamps =
    kind === "archive"
      ? [stampOf(stat)]
      : stampedFiles.map((name) => stampOf(statSync(join(path, name), { throwIfNoEntry: false })));
  const id = createHash("sha256")
    .update(JSON.stringify([realpathSync(path), ...stamps]))
    .digest("hex");
  return { path, kind, id: id.slice(0, 12) };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new KheadersError("usage", `cannot read ${printable(path, 4096)}: ${reasonOf(cause)}`, { cause });
  }
}

function stampOf(stat: Stats | undefined): string {
  return stat === undefined ? "" : `${stat.size} ${stat.mtimeMs}`;
}

/** The most bytes of a top Makefile. That of 6.1 has 74 KB. */
const maxMakefile = 1024 * 1024;

/**
 * The folders that a folder's build system lies in, each of which completes those before it. A folder of Debian's
 * `linux-headers`, and the output folder of a build (`O=`), have a Makefile that only includes another; the latter also has
 * a link `source` (Linux Makefile, outputmakefile; scripts/mkmakefile before 5.13).
 *
 * @throws KheadersError `usage` if there is no Makefile, or the one that it includes is missing.
 */
export function rootsOf(folder: string): string[] {
  const makefile = readMakefile(folder);
  const included = /^include (\/\S+)\/Makefile$/m.exec(makefile)?.[1];
  if (versionInMakefile(makefile) !== undefined && included === undefined) return [folder];
  const beside = included === undefined ? [] : [included, join(dirname(folder), basename(included))];
  const other = [...beside, join(folder, "source")].find((path) => existsSync(join(path, "Makefile")));
  if (other !== undefined) return [folder, other];
  const what =
    included === undefined
      ? `${printable(folder, 4096)} is not a kernel's: its Makefile names no version`
      : `the Makefile of ${printable(folder, 4096)} includes that of ${printable(included, 4096)}, which is missing`;
  throw new KheadersError("usage", what, { hint: sourceHint });
}

/** What can be named as a source. */
export const sourceHint =
  "Name a kernel source (Debian: apt install linux-source), or the linux-headers folder of one kernel.";

function readMakefile(folder: string): string {
  const path = join(folder, "Makefile");
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? maxMakefile) < maxMakefile)
    return readFileSync(path, "utf8");
  throw new KheadersError("usage", `${printable(folder, 4096)} has no Makefile of a kernel`, {
    hint: sourceHint,
  });
}

/** The version of the kernel that a build system is of. @throws KheadersError `usage` if it does not say. */
export function versionOfRoots(roots: readonly string[]): KernelVersion {
  const version = versionInMakefile(readMakefile(roots.at(-1) ?? ""));
  if (version !== undefined) return version;
  throw new KheadersError(
    "usage",
    `${printable(roots[0] ?? "", 4096)} is not a kernel's: its Makefile names no version`,
    { hint: sourceHint },
  );
}

/** The path of what the first of the folders has under a name; undefined if none has it. */
export function findInRoots(roots: readonly string[], name: string): string | undefined {
  return roots.map((root) => join(root, name)).find((path) => existsSync(path));
}
