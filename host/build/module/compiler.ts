import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { isBefore } from "../../kernel/release.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { runTool } from "../../process/tool.js";
import { type ModuleBuild, moduleBuild } from "./make-arguments.js";

/** A compiler's kind and the first number of its version. */
export interface CompilerVersion {
  readonly kind: "clang" | "gcc";
  readonly major: number;
}

/** How to call make for the modules of a kernel, and with which compiler. */
export interface ModuleCompiler extends ModuleBuild {
  /** Of the compiler; undefined if it does not tell. */
  readonly version: CompilerVersion | undefined;
}

const compilerHint =
  "Install the compiler (Debian: apt install gcc, or clang lld llvm), or name another after --, as in: -- CC=gcc-12";

/**
 * Chooses the compiler for the modules of a kernel: the one that the arguments for make name, else the usual one if its
 * version is that of the kernel's compiler, else the one that has that version in its name, as in `gcc-12`, if it is
 * installed, else the usual one.
 *
 * @param machine the workstation's, as `uname -m` prints it.
 * @throws KheadersError `tool-missing` if the compiler cannot be run; the signal's reason when it aborts.
 */
export async function chooseCompiler(
  facts: TreeFacts,
  machine: string,
  makeArguments: readonly string[],
  signal: AbortSignal,
): Promise<ModuleCompiler> {
  const usual = moduleBuild(facts, machine);
  const named = namedCompiler(makeArguments, usual);
  if (named !== undefined) return { ...usual, compiler: named, version: await versionOf(named, signal) };
  const wanted = parseCompilerVersion(facts.compiler ?? "");
  const exact = wanted && withVersion(usual, wanted, facts.release);
  const first = await versionIfThere(usual.compiler, signal);
  if (exact === undefined || (first !== undefined && isSame(first, wanted)))
    return { ...usual, version: first ?? (await versionOf(usual.compiler, signal)) };
  const second = await versionIfThere(exact.compiler, signal);
  if (isSame(second, wanted)) return { ...exact, version: second };
  return { ...usual, version: first ?? (await versionOf(usual.compiler, signal)) };
}

/** The same with a compiler that has its version in its name. Makefile of 5.18 and later: LLVM=-16. */
function withVersion(
  { variables, compiler }: ModuleBuild,
  { kind, major }: CompilerVersion,
  release: string,
): ModuleBuild | undefined {
  const isClang = compiler === "clang";
  if (isClang !== (kind === "clang") || (isClang && isBefore(release, 5, 18))) return undefined;
  const exact = `${compiler}-${major}`;
  return {
    compiler: exact,
    variables: isClang
      ? variables.map((variable) => (variable === "LLVM=1" ? `LLVM=-${major}` : variable))
      : [...variables, `CC=${exact}`],
  };
}

/** The compiler that arguments for make name (Linux Makefile: CC, CROSS_COMPILE; LLVM, as Documentation/kbuild/llvm.rst has it). */
function namedCompiler(makeArguments: readonly string[], usual: ModuleBuild): string | undefined {
  const given = (name: string) =>
    makeArguments.findLast((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1);
  // As in CC="ccache gcc".
  const compiler = given("CC")?.trim().split(/\s+/).at(-1);
  if (compiler !== undefined) return compiler;
  const [llvm, prefix] = [given("LLVM"), given("CROSS_COMPILE")];
  if (llvm !== undefined && llvm !== "")
    return llvm.endsWith("/") ? `${llvm}clang` : `clang${llvm.startsWith("-") ? llvm : ""}`;
  if (prefix === undefined && llvm === undefined) return undefined;
  return llvm === undefined && usual.compiler === "clang" ? "clang" : `${prefix ?? ""}gcc`;
}

async function versionOf(compiler: string, signal: AbortSignal): Promise<CompilerVersion | undefined> {
  const { stdout } = await runTool(compiler, ["--version"], { signal, hint: compilerHint });
  return parseCompilerVersion(stdout.split("\n")[0] ?? "");
}

/** Undefined also if there is no such program. */
async function versionIfThere(compiler: string, signal: AbortSignal): Promise<CompilerVersion | undefined> {
  try {
    return await versionOf(compiler, signal);
  } catch (error) {
    if (error instanceof KheadersError && error.code === "tool-missing") return undefined;
    throw error;
  }
}

/**
 * Reads the first line of what a compiler says of itself, which is also CONFIG_CC_VERSION_TEXT: the version follows the name,
 * or what stands in parentheses; clang says `clang version 17.0.2`.
 */
export function parseCompilerVersion(text: string): CompilerVersion | undefined {
  const clang = /\bclang version (\d{1,4})\b/.exec(text)?.[1];
  if (clang !== undefined) return { kind: "clang", major: Number(clang) };
  const outside = text.replace(/\([^()]*\)/g, " ");
  const gcc = /\bgcc\b/i.test(text) ? /(?:^|\s)(\d{1,4})\.\d/.exec(outside)?.[1] : undefined;
  return gcc === undefined ? undefined : { kind: "gcc", major: Number(gcc) };
}

function isSame(one: CompilerVersion | undefined, other: CompilerVersion | undefined): boolean {
  return one !== undefined && one.kind === other?.kind && one.major === other.major;
}

/** What a compiler of another version breaks, and the options of kernels that it does so in. */
const sensitive = [
  {
    options: ["CONFIG_CFI_CLANG", "CONFIG_CFI"],
    name: "kCFI",
    meaning: "a call through a pointer may panic the kernel",
  },
  {
    options: ["CONFIG_LTO_CLANG", "CONFIG_LTO_CLANG_FULL", "CONFIG_LTO_CLANG_THIN"],
    name: "LTO",
    meaning: "the module may not link, or not fit",
  },
] as const;

/**
 * Compares the compiler of a module with the kernel's.
 *
 * @param isForced turns the error into a warning.
 * @returns a warning if they are of different kinds or major versions.
 * @throws KheadersError `usage` if they are, and the kernel has kCFI or LTO.
 */
export function compilerWarning(
  facts: Pick<TreeFacts, "compiler" | "config">,
  { compiler, version }: Pick<ModuleCompiler, "compiler" | "version">,
  isForced: boolean,
): string | undefined {
  const wanted = parseCompilerVersion(facts.compiler ?? "");
  if (wanted === undefined || isSame(version, wanted)) return undefined;
  const its = version === undefined ? "of unknown version" : nameOf(version);
  const message = `the kernel was built with ${nameOf(wanted)}, and ${printable(compiler, 4096)} is ${its}`;
  const found = sensitive.find(({ options }) => options.some((option) => facts.config.has(option)));
  if (found === undefined) return message;
  const reason = `${message}: the kernel has ${found.name}, so ${found.meaning}`;
  if (isForced) return reason;
  const example = wanted.kind === "clang" ? `LLVM=-${wanted.major}` : `CC=gcc-${wanted.major}`;
  throw new KheadersError("usage", reason, {
    hint: `Install ${nameOf(wanted)}, and if it has another name give it after --, as in: -- ${example}. Or build all the same with --force.`,
  });
}

function nameOf({ kind, major }: CompilerVersion): string {
  return `${kind === "gcc" ? "GCC" : "clang"} ${major}`;
}
