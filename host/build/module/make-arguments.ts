import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { isBefore } from "../../kernel/release.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { buildVariables } from "../build-variables.js";

/** How to call make for the modules of a kernel. */
export interface ModuleBuild {
  /** Variables for make, as `NAME=value`. */
  readonly variables: readonly string[];
  /** The compiler that make will call. */
  readonly compiler: string;
}

/**
 * Decides how to build modules for a kernel: with LLVM if clang built it, because a kernel's headers
 * depend on what its compiler can do (CONFIG_CC_IS_CLANG; Documentation/kbuild/llvm.rst); else with GCC, a cross compiler if
 * the workstation is another machine. Symbols without a version only make modpost warn: the versions are only of symbols
 * that some module imports.
 *
 * @param machine the workstation's, as `uname -m` prints it.
 */
export function moduleBuild(facts: TreeFacts, machine: string): ModuleBuild {
  const environment = buildVariables(facts, machine);
  const usesClang = environment.LLVM !== "";
  // Also empty ones: the shell may have them for another kernel. Before 5.15 clang takes its target from CROSS_COMPILE.
  const variables = ["ARCH", "CROSS_COMPILE", "LLVM"].map((name) => `${name}=${environment[name]}`);
  // Before 5.7 there is no LLVM=1, and a kernel that clang built may have been linked by GNU ld.
  if (usesClang && isBefore(facts.release, 5, 7)) {
    variables.push("CC=clang");
    if (facts.config.has("CONFIG_LD_IS_LLD")) variables.push("LD=ld.lld");
  }
  variables.push("KBUILD_MODPOST_WARN=1");
  return { variables, compiler: usesClang ? "clang" : `${environment.CROSS_COMPILE}gcc` };
}

/** The arguments for make that name compilers and linkers, or have make be silent: what is built for a module needs them, too. */
export function toolArguments(makeArguments: readonly string[]): string[] {
  return makeArguments.filter((argument) =>
    /^(?:(?:HOST)?(?:CC|CXX|LD|AR)|LLVM(?:_IAS)?|CROSS_COMPILE|OBJCOPY|NM)=|^-s$/.test(argument),
  );
}

/**
 * Arguments for make with a macro that names the kernel's folder. Objects of a module that were built for another kernel have
 * headers that are older than they are, and are built again only because their command line differs.
 *
 * @param environment may have KCPPFLAGS, which these would hide.
 */
export function withStamp(
  makeArguments: readonly string[],
  kernelFolder: string,
  environment: NodeJS.ProcessEnv = process.env,
): string[] {
  const name = "KCPPFLAGS=";
  const given = makeArguments.findLast((argument) => argument.startsWith(name))?.slice(name.length);
  const id = createHash("sha256").update(kernelFolder).digest("hex").slice(0, 12);
  const flags = [given ?? environment.KCPPFLAGS ?? "", `-D__kheaders_kernel_${id}`];
  return [...makeArguments, `${name}${flags.join(" ").trim()}`];
}

/**
 * Refuses a path that make cannot work with, or that its shell would read as more than a path: the kernel's Makefiles put paths
 * into commands as they are, so `a;id` would run `id`. Make itself splits lists at spaces, and rules at colons.
 *
 * @param what whose path it is, as the subject of the message.
 * @throws KheadersError `usage`.
 */
export function assertPathForMake(path: string, what: string, hint: string): void {
  const [odd] = /[^\p{L}\p{M}\p{N}@+=,./_-]/u.exec(path) ?? [];
  if (odd === undefined) return;
  const named = /\s/.test(odd) ? "a space" : `"${printable(odd)}"`;
  throw new KheadersError("usage", `${what} has ${named} in its path: ${printable(path, 4096)}`, {
    hint: `make and its shell only work with letters, digits and @ + = , . / - _ there. ${hint}`,
  });
}

/**
 * The paths of the modules that a build made, from the text of its `modules.order`, whose form has changed over the
 * years: `kernel/` and the path (before 5.3), the path, with `.o` instead of `.ko` (from 6.2 on), relative (from 6.13 on).
 */
export function modulesIn(order: string, dir: string): string[] {
  const paths = order
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => resolve(dir, line.replace(/^kernel\/(?=\/)/, "").replace(/\.o$/, ".ko")));
  return [...new Set(paths)];
}
