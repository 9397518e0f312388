import { createHash } from "node:crypto";
import { asDigest, type Digest } from "../../shared/identity.js";
import type { ConfigMacros } from "../kernel/config.js";

/**
 * SHA-256 of a configuration's options as a tree's `autoconf.h` has them, sorted: the same for a kernel's `/proc/config.gz`
 * and for the headers of that kernel, however the two are spelled.
 */
export function optionsDigestOf(macros: ConfigMacros): Digest {
  const lines = Array.from(macros, ([name, value]) => `${name} ${value}\n`).sort();
  const digest = asDigest(createHash("sha256").update(lines.join("")).digest("hex"));
  if (digest === undefined) throw new Error("a digest was not made");
  return digest;
}
