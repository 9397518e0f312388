import { KheadersError } from "../../shared/errors.js";
import type { KernelKey } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";

const keys = ["model", "fingerprint", "release"] as const;

/** What a device must be: a property, and a glob pattern that its whole text must match. */
export interface Pattern {
  /** `model` as `adb devices -l` shows it; the others as in {@link KernelKey}. */
  readonly key: (typeof keys)[number];
  /** `*` matches any text, `?` one character, and everything else itself. */
  readonly glob: string;
}

/** Parses `model=Pixel*` and the like. @throws KheadersError `usage`. */
export function parsePattern(text: string): Pattern {
  const equals = text.indexOf("=");
  const key = keys.find((known) => known === text.slice(0, equals));
  const glob = text.slice(equals + 1);
  if (key === undefined || glob === "") {
    throw new KheadersError("usage", `--match: invalid pattern "${printable(text)}"`, {
      hint: `Use ${keys.map((known) => `${known}=PATTERN`).join(" or ")}; * matches any text, ? one character.`,
    });
  }
  return { key, glob };
}

/** Whether the patterns match a device's model. adb writes `_` for what is neither a letter nor a digit. */
export function matchesModel(patterns: readonly Pattern[], model: string | undefined): boolean {
  return patterns.every(
    ({ key, glob }) => key !== "model" || matchesGlob(glob.replaceAll(" ", "_"), model ?? ""),
  );
}

/** Whether the patterns match a kernel. */
export function matchesKernel(patterns: readonly Pattern[], kernel: KernelKey): boolean {
  return patterns.every(({ key, glob }) => key === "model" || matchesGlob(glob, kernel[key]));
}

/** Whether the patterns are about the kernel, which only the device itself knows. */
export function needsKernel(patterns: readonly Pattern[]): boolean {
  return patterns.some(({ key }) => key !== "model");
}

/** Whether `glob` matches all of `text`. The time grows with the product of their lengths at most. */
export function matchesGlob(glob: string, text: string): boolean {
  let inGlob = 0;
  let inText = 0;
  let star = -1;
  let tried = 0;
  while (inText < text.length) {
    const expected = glob[inGlob];
    if (expected === "*") {
      star = inGlob;
      tried = inText;
      inGlob += 1;
    } else if (expected === "?" || expected === text[inText]) {
      inGlob += 1;
      inText += 1;
    } else if (star >= 0) {
      tried += 1;
      inGlob = star + 1;
      inText = tried;
    } else {
      return false;
    }
  }
  return glob.slice(inGlob).replaceAll("*", "") === "";
}
