import { type ErrorCode, KheadersError } from "../../shared/errors.js";

/** One thing that was checked. */
export interface Check {
  readonly name: string;
  /** `skipped`: it could not be checked, because something before it failed. */
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, fit for a terminal. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** For a failed check: the error code that a pull would end with. */
  readonly code: ErrorCode | undefined;
}

/** The checks so far; somebody may listen to them as they are made. */
export class CheckList {
  readonly all: Check[] = [];
  readonly #onCheck: (check: Check) => void;

  constructor(onCheck: (check: Check) => void) {
    this.#onCheck = onCheck;
  }

  add(...checks: readonly Check[]): void {
    this.all.push(...checks);
    for (const check of checks) this.#onCheck(check);
  }
}

/** Runs a check that may throw; what it throws is what the check found. */
export async function attempt<T>(
  checks: CheckList,
  name: string,
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    checks.add(failed(name, error));
    return undefined;
  }
}

export function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail, hint: undefined, code: undefined };
}

export function warning(name: string, detail: string, hint: string | undefined): Check {
  return { name, status: "warning", detail, hint, code: undefined };
}

export function failed(name: string, error: KheadersError): Check {
  return { name, status: "failed", detail: error.message, hint: error.hint, code: error.code };
}

export function skipped(name: string): Check {
  return { name, status: "skipped", detail: "could not be checked", hint: undefined, code: undefined };
}
