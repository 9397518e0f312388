import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { errnoOf, KheadersError, reasonOf } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/*
 * Outputs that the user names, outside the cache. One rule for all: a file replaces a regular file and a link
 * replaces a link, atomically; if anything else is there, it stays and the output is refused. What is written
 * appears whole or not at all. The checks can be made long before the writing, for example before a device is
 * asked.
 */

/**
 * Checks that a file can be written at `output`: there is nothing or a regular file, in a writable folder.
 *
 * @returns Its absolute path; for a link, that of the file it leads to.
 * @throws KheadersError `output-failed`.
 */
export function outputTarget(output: string): string {
  return attempt(output, () => {
    if (lstatSync(output, { throwIfNoEntry: false }) === undefined) {
      const target = path.resolve(output);
      checkParent(target);
      return target;
    }
    if (!statSync(output).isFile()) {
      throw new Refused("it exists and is not a regular file", "Name another file.");
    }
    const target = realpathSync(output);
    checkParent(target);
    return target;
  });
}

/**
 * Checks that a symbolic link can be made at `link`: there is nothing or a link, in a writable folder.
 *
 * @throws KheadersError `output-failed`.
 */
export function checkLinkTarget(link: string): void {
  attempt(link, () => {
    const existing = lstatSync(link, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isSymbolicLink()) {
      throw new Refused("it exists and is not a symbolic link", "Name another path for the link.");
    }
    checkParent(path.resolve(link));
  });
}

/**
 * Writes a file.
 *
 * @param output As the user named it.
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function writeOutput(content: Uint8Array, output: string): void {
  const target = outputTarget(output);
  attempt(output, () => putInPlace(target, (temporary) => writeFileSync(temporary, content, { flag: "wx" })));
}

/**
 * Copies a file of the cache.
 *
 * @param output As the user named it.
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function copyOutput(source: string, output: string): void {
  const target = outputTarget(output);
  attempt(output, () => {
    // Reading a FIFO would block for ever.
    if (!lstatSync(source).isFile()) throw new Refused("the file in the cache is damaged", "Pull it again.");
    putInPlace(target, (temporary) => {
      writeFileSync(temporary, "", { flag: "wx" });
      const { mode } = statSync(temporary);
      // Gives it the source's mode.
      copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
      chmodSync(temporary, mode);
    });
  });
}

/**
 * Makes `link` a symbolic link to a tree.
 *
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function updateLink(link: string, tree: string): void {
  checkLinkTarget(link);
  attempt(link, () => putInPlace(path.resolve(link), (temporary) => symlinkSync(tree, temporary)));
}

/** A path that the user gave cannot be written, although no system call failed. */
export class Refused extends Error {
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

/** A temporary name in the folder of `target`. */
export function temporaryBeside(target: string): string {
  return path.join(path.dirname(target), `.kheaders-${randomBytes(8).toString("hex")}`);
}

/** Checks that something can be made in the folder of `target`. @throws the system's error. */
export function checkParent(target: string): void {
  const parent = path.dirname(target);
  if (!statSync(parent).isDirectory())
    throw new Refused("the path above it is not a folder", "Choose another place.");
  accessSync(parent, constants.W_OK | constants.X_OK);
}

/** Runs `work`, which writes an output that the user named. All errors get the same form. */
export function attempt<T>(output: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outputError(error, output);
  }
}

/**
 * @returns KheadersError `disk-full` for a full disk or quota, else `output-failed`. A KheadersError is
 * returned as it is.
 */
export function outputError(error: unknown, output: string): KheadersError {
  if (error instanceof KheadersError) return error;
  const errno = errnoOf(error);
  const where = `cannot write ${printable(output, 4096)}`;
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new KheadersError("disk-full", `${where}: no space left`, {
      hint: "Free some space, or choose another place.",
      cause: error,
    });
  }
  const hint = error instanceof Refused ? error.hint : "Choose another place.";
  return new KheadersError("output-failed", `${where}: ${reasonOf(error)}`, { hint, cause: error });
}

function putInPlace(target: string, make: (temporary: string) => void): void {
  const temporary = temporaryBeside(target);
  try {
    make(temporary);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}
