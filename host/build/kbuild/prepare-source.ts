import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import type { KernelConfig } from "../../kernel/config.js";
import { runBuild } from "../../process/run-build.js";
import { dotConfig } from "./config-texts.js";

/**
 * Options that only want libraries or programs of the workstation (OpenSSL, pahole, rustc), or stop at warnings of a newer
 * compiler; the build of a module takes nothing of them. SECURITY_LOCKDOWN_LSM and IMA_APPRAISE_MODSIG select MODULE_SIG.
 */
const unneededOptions = [
  "CONFIG_MODULE_SIG",
  "CONFIG_SECURITY_LOCKDOWN_LSM",
  "CONFIG_IMA_APPRAISE_MODSIG",
  "CONFIG_SYSTEM_EXTRA_CERTIFICATE",
  "CONFIG_DEBUG_INFO_BTF",
  "CONFIG_RUST",
  "CONFIG_WERROR",
];

const needs =
  "make, a compiler, bc, bison and flex, and for x86 libelf (Debian: apt install make gcc bc bison flex libelf-dev)";

/** How to prepare a source. */
export interface PrepareOptions {
  readonly config: KernelConfig;
  /** Variables for make, as `NAME=value`. */
  readonly variables: readonly string[];
  readonly signal: AbortSignal;
  readonly onOutput: (text: Uint8Array) => void;
}

/** Whether a folder has a kernel's source, and not only what builds modules. */
export function isSource(folder: string): boolean {
  return ["Kconfig", "kernel/bounds.c", "scripts/mod/modpost.c", "kernel/fork.c"].every((name) =>
    existsSync(join(folder, name)),
  );
}

/**
 * Makes the programs that build modules, in the source's folder itself.
 *
 * @throws KheadersError `compile-failed` if make fails; `tool-missing` without make; the signal's reason when it aborts.
 */
export async function prepareSource(folder: string, options: PrepareOptions): Promise<void> {
  const { config, variables, signal, onOutput } = options;
  mkdirSync(join(folder, "include/config"), { recursive: true });
  writeFileSync(join(folder, ".config"), dotConfig(config, unneededOptions));
  const all = ["-C", folder, `-j${availableParallelism()}`, ...variables];
  for (const target of ["olddefconfig", "modules_prepare"]) {
    const status = await runBuild("make", [...all, target], { signal, onOutput, hint: `It needs ${needs}.` });
    if (status === 0) continue;
    throw new KheadersError(
      "compile-failed",
      `the source cannot be prepared for this kernel: make ${target} ended with status ${status}`,
      { hint: `See its output above. It needs ${needs}.` },
    );
  }
}
