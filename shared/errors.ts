import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { printable } from "./printable.js";

/**
 * Every way in which kheaders can fail, with the exit status of the command line.
 *
 * 1 it does not compile, or the kernel has no such type; 2 usage; 3 no device or no clear choice; 4 the kernel offers no
 * headers or no BTF, or its modules no symbol versions; 5 permission; 6 device or adb lost, busy or timed out; 7 bad archive, file or
 * BTF, or modules of two kernels; 8 cache, disk or another limit of this machine; 70 a bug in kheaders; 130 and 143 after
 * signals.
 */
export const exitStatusOf = {
  "compile-failed": 1,
  "unknown-type": 1,
  usage: 2,
  "tool-missing": 2,
  "adb-not-found": 3,
  "no-device": 3,
  "several-devices": 3,
  "unknown-serial": 3,
  "device-unauthorized": 3,
  "device-offline": 3,
  "device-unusable": 3,
  "not-cached": 3,
  "several-kernels": 3,
  "not-stored": 3,
  "no-headers": 4,
  "module-not-found": 4,
  "module-refused": 4,
  "no-symbol-versions": 4,
  "no-btf": 4,
  "needs-root": 5,
  "root-refused": 5,
  "root-timeout": 5,
  "not-permitted": 5,
  "store-denied": 5,
  "adb-failed": 6,
  "device-lost": 6,
  "device-busy": 6,
  "timed-out": 6,
  "transfer-cut": 6,
  "protocol-error": 6,
  "download-failed": 6,
  "store-failed": 6,
  "archive-refused": 7,
  "archive-corrupt": 7,
  "archive-mismatch": 7,
  "file-refused": 7,
  "file-corrupt": 7,
  "symbol-conflict": 7,
  "btf-corrupt": 7,
  "store-corrupt": 7,
  "store-conflict": 7,
  "cache-failed": 8,
  "cache-format": 8,
  "disk-full": 8,
  "output-failed": 8,
  "system-error": 8,
  "internal-error": 70,
  interrupted: 130,
  terminated: 143,
} as const;

/** The stable name of an error, as `--json` prints it. */
export type ErrorCode = keyof typeof exitStatusOf;

/** An error that a user can understand: what happened and why (`message`), and what to do (`hint`). */
export class KheadersError extends Error {
  override readonly name = "KheadersError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  get exitStatus(): number {
    return exitStatusOf[this.code];
  }
}

/** The `errno` name of a Node system error, or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What the system says about a failed call, without a path: "permission denied"; for other errors, their message. */
export function reasonOf(error: unknown): string {
  if (!isSystemError(error)) return error instanceof Error ? printable(error.message, 400) : "unknown reason";
  const errno = new Map(Object.entries(constants.errno)).get(error.code);
  return getSystemErrorMap().get(-(errno ?? 0))?.[1] ?? error.code;
}

/**
 * Turns anything that was thrown into an error with a code: this is the one place where errors that no other code
 * explained end up. An error of a system call is the machine's, and everything else is a bug in kheaders.
 */
export function asKheadersError(error: unknown): KheadersError {
  if (error instanceof KheadersError) return error;
  if (isSystemError(error)) return explainSystemError(error);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new KheadersError("internal-error", `this is a bug in kheaders: ${printable(message, 2000)}`, {
    hint: "Please report it, with the command that you ran.",
    cause: error,
  });
}

/** An error that the operating system reported to Node. Node's own errors have a `code` as well, but no `syscall`. */
interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: unknown;
}

function isSystemError(error: unknown): error is SystemError {
  return errnoOf(error) !== undefined && error instanceof Error && "syscall" in error;
}

const systemErrorHints: Readonly<Record<string, string>> = {
  EACCES: "Check the permissions.",
  EMFILE: "Raise the limit of open files (ulimit -n), or use a smaller --jobs.",
  ENFILE: "Close other programs, or raise the system's limit of open files.",
  ENOMEM: "Close other programs to free memory.",
  EPERM: "Check the permissions.",
  EROFS: "Choose a place that is not read-only.",
};

function explainSystemError(error: SystemError): KheadersError {
  const { code, syscall } = error;
  const cause = error;
  if (syscall === "uv_cwd") {
    return new KheadersError("usage", "the current folder no longer exists", {
      hint: "Change to a folder that exists, and run the command again.",
      cause,
    });
  }
  const where = typeof error.path === "string" ? withoutTemporary(error.path) : `the system call ${syscall}`;
  const message = `${printable(where, 1000)}: ${reasonOf(error)}`;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new KheadersError("disk-full", message, { hint: "Free some space.", cause });
  }
  return new KheadersError("system-error", message, { hint: systemErrorHints[code], cause });
}

/** A path up to its first temporary name: what lies there is gone by the time the user reads the error. */
function withoutTemporary(path: string): string {
  return path.replace(/\/\.(?:tmp|kheaders)-.*$/, "");
}
