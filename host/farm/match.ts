import { KheadersError } from "../../shared/errors.js";
import type { KernelKey } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";

const keys = ["model", "fingerprint", "release"] as const;

/** What a device must be: a property, and a glob pattern for all of its text. */
export interface Pattern {
  /** `model` as `adb devices -l` tells it; the others as {@link KernelKey} has them. */
  readonly key: (typeof keys)[number];
  /** `*` stands for any text, `?` for one character; everything else for itself. */
  readonly glob: string;
}

/** Parses `model=Pixel*` and the like. @throws KheadersError `usage`. */
export function parsePattern(text: string): Pattern {
  const equals = text.indexOf("=");
  const key = keys.find((known) => known === text.slice(0, equals));
  const glob = text.slice(equals + 1);
  if (key === undefined || glob === "") {
    throw new KheadersError("usage", `--match: "${printable(text)}" is no pattern`, {
      hint: `Use ${keys.map((known) => `${known}=PATTERN`).join(", ")}; * stands for any text, ? for one character.`,
    });
  }
  return { key, glob };
}

/** Whether a device's model is as the patterns want it; adb writes `_` for what is neither letter nor digit. */
export function matchesModel(patterns: readonly Pattern[], model: string | undefined): boolean {
  return patterns.every(
    ({ key, glob }) => key !== "model" || matchesGlob(glob.replaceAll(" ", "_"), model ?? ""),
  );
}

/** Whether a kernel is as the patterns want it. */
export function matchesKernel(patterns: readonly Pattern[], kernel: KernelKey): boolean {
  return patterns.every(({ key, glob }) => key === "model" || matchesGlob(glob, kernel[key]));
}

/** Whether the patterns ask for something that only the device itself can tell. */
export function wantsKernel(patterns: readonly Pattern[]): boolean {
  return patterns.some(({ key }) => key !== "model");
}

/** Whether `glob` fits all of `text`, in time that grows with their lengths' product at most. */
export function matchesGlob(glob: string, text: string): boolean {
  let inGlob = 0;
  let inText = 0;
  let star = -1;
  let tried = 0;
  while (inText < text.length) {
    const wanted = glob[inGlob];
    if (wanted === "*") {
      star = inGlob;
      tried = inText;
      inGlob += 1;
    } else if (wanted === "?" || wanted === text[inText]) {
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
