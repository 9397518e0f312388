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
 * What a user names as an output, outside of the cache. One rule for all: a file takes the place of a regular file, a link
 * that of a link, at once; anything else that is there stays, and the output is refused. What is written appears whole or
 * not at all. The checks may be made long before the writing, for example before a device is asked.
 */

/**
 * Checks that a file can be written at `output`: nothing or a regular file is there, in a folder that may be written.
 *
 * @returns Its absolute path: where a link leads to, not the link's own place.
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
 * Checks that a symbolic link can be made at `link`: nothing or a link is there, in a folder that may be written.
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
    // A FIFO would be waited for, without an end.
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

/** That a path which the user gave cannot be written, where no system call failed. */
export class Refused extends Error {
  readonly hint: string;

  constructor(reason: string, hint: string) {
    super(reason);
    this.hint = hint;
  }
}

/** A name beside `target` for what will take its place. */
export function temporaryBeside(target: string): string {
  return path.join(path.dirname(target), `.kheaders-${randomBytes(8).toString("hex")}`);
}

/** Checks that something can be put beside others in the folder of `target`. @throws the system's error. */
export function checkParent(target: string): void {
  const parent = path.dirname(target);
  if (!statSync(parent).isDirectory())
    throw new Refused("its folder is not a folder", "Choose another place.");
  accessSync(parent, constants.W_OK | constants.X_OK);
}

/** Runs a work on an output of the user's, and says what went wrong in one way. */
export function attempt<T>(output: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outputError(error, output);
  }
}

/** @returns KheadersError `disk-full` for a full disk or quota, else `output-failed`. A KheadersError stays itself. */
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
