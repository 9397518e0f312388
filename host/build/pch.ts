import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import type { Cache } from "../cache/index.js";
import { readTreeFacts } from "../kernel/tree-facts.js";
import type { LocatedTree } from "../pull/tree/locate.js";
import { outputTarget, writeOutput } from "../user-files/output.js";
import { findClang } from "./clang.js";
import { compile } from "./compile.js";
import { compilerFlags } from "./compiler-flags.js";
import { filesInRule } from "./dependencies.js";
import type { Purpose } from "./makefile-flags.js";
import { tracerHeaders } from "./tracer-headers.js";
import { headerWarnings } from "./tree-warnings.js";

/** What to precompile, and how. */
export interface PchOptions {
  /** As `withTree` gives it. */
  readonly located: LocatedTree;
  readonly cache: Cache;
  /** The flags that it is for: it serves no others. */
  readonly purpose: Purpose;
  /** As after `#include`, in their order, such as `linux/sched.h`; if there are none, those that tracers use. */
  readonly headers: readonly string[];
  /** A path, or a name in PATH. */
  readonly clang: string;
  /** More flags for clang; they come after those of kheaders, and must also be given when the precompiled header is used. */
  readonly flags: readonly string[];
  /** Where it goes; undefined for the cache, which only has a place for it if the tree is cached. */
  readonly output: string | undefined;
  readonly signal: AbortSignal;
  /** Gets clang's errors and warnings as it prints them. */
  readonly onDiagnostics: (text: string) => void;
  /** Gets a message for each problem of the headers. */
  readonly onWarning: (message: string) => void;
}

/** A precompiled header. */
export interface PrecompiledHeader {
  /** Absolute path. */
  readonly path: string;
  /** What clang must be given, after the flags that it was made with. */
  readonly flags: readonly string[];
  readonly headers: readonly string[];
  /** Its size. */
  readonly bytes: number;
  /** `hit`: it was there already; `miss`: it was made now. */
  readonly cache: "hit" | "miss";
  /** The kernel that its headers are of. */
  readonly release: string;
}

/** All that clang needs to make one. */
interface Recipe {
  readonly clang: string;
  readonly flags: readonly string[];
  /** The program that includes the headers. */
  readonly input: string;
  /** Folders whose files do not change: the cached tree, and clang's own headers. */
  readonly fixed: readonly string[];
}

/** A file outside the cache, which may change. For clang it has changed if its size or time has. */
interface Input {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

const pchName = "headers.pch";
const inputsName = "inputs.json";

/**
 * Precompiles headers of a tree for the flags of `cflags`, so that what includes them compiles in a fraction of the time.
 * It is kept beside the cached tree, for these headers, flags and this clang, and made anew where a header that is none of
 * the tree's has changed.
 *
 * @throws KheadersError `compile-failed` where a header is missing or they do not compile together; `tool-missing`; `usage`
 * for what is no tree or no header, and for a folder of the user's own without an output; `cache-failed`, `output-failed` or
 * `disk-full`; the signal's reason when it aborts.
 */
export async function precompileHeaders(options: PchOptions): Promise<PrecompiledHeader> {
  const { located, purpose, output, signal } = options;
  const facts = readTreeFacts(located.tree);
  const headers = options.headers.length > 0 ? options.headers : tracerHeaders.map(({ header }) => header);
  const input = headers.map(include).join("");
  checkPch(options);
  if (output === undefined && located.digest === undefined) {
    throw new KheadersError(
      "usage",
      `${printable(located.tree, 4096)} is not in the cache, so there is no place for the precompiled header`,
      {
        hint: "Name a file with -o.",
      },
    );
  }
  for (const message of headerWarnings(facts)) options.onWarning(message);
  const { version, includeFolder } = await findClang(options.clang, signal);
  const flags = [...compilerFlags(facts, purpose, includeFolder), ...options.flags];
  const recipe = { clang: options.clang, flags, input, fixed: [located.tree, includeFolder] };
  const kept =
    output === undefined && located.digest !== undefined
      ? await keepPch(located.digest, nameOf(recipe, version, options.flags), recipe, options)
      : { path: await writePch(output ?? "", recipe, options), cache: "miss" as const };
  return {
    ...kept,
    flags: ["-include-pch", kept.path],
    headers,
    bytes: statSync(kept.path).size,
    release: facts.release,
  };
}

/** Finds the precompiled header beside the tree, or makes it. */
async function keepPch(
  digest: Digest,
  name: string,
  recipe: Recipe,
  options: PchOptions,
): Promise<{ path: string; cache: "hit" | "miss" }> {
  const { cache, signal } = options;
  const known = cache.extra(digest, name);
  if (known !== undefined && isGood(known)) return { path: join(known, pchName), cache: "hit" };
  const make = async (folder: string) => {
    mkdirSync(folder);
    const inputs = await makePch(join(folder, pchName), recipe, options);
    writeFileSync(join(folder, inputsName), JSON.stringify(inputs));
  };
  const folder = await cache.keepExtra(digest, name, make, { replace: known !== undefined, signal });
  return { path: join(folder, pchName), cache: "miss" };
}

/** Makes the precompiled header as a file outside the cache. @returns its absolute path. */
async function writePch(output: string, recipe: Recipe, options: PchOptions): Promise<string> {
  const target = outputTarget(output);
  const folder = mkdtempSync(join(resolve(tmpdir()), "kheaders-pch-"));
  try {
    await makePch(join(folder, pchName), recipe, options);
    writeOutput(readFileSync(join(folder, pchName)), output);
    return target;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has clang make it, and returns the files it was made of that may change. */
async function makePch(path: string, recipe: Recipe, options: PchOptions): Promise<Input[]> {
  const { clang, flags, input, fixed } = recipe;
  const { signal, onDiagnostics } = options;
  const rule = `${path}.d`;
  // From standard input: a file in a temporary place would be missed by clang when the precompiled header is used.
  const args = [...flags, "-x", "c-header", "-MD", "-MT", "out", "-MF", rule, "-o", path, "-"];
  await compile(clang, args, { what: "these headers together", input, signal, onDiagnostics });
  const files = filesInRule(readFileSync(rule, "utf8"));
  rmSync(rule);
  return files
    .map((file) => resolve(file))
    .filter((file) => !fixed.some((folder) => file.startsWith(folder + sep)))
    .map(inputOf)
    .filter((found) => found !== undefined);
}

function inputOf(path: string): Input | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? { path, bytes: stat.size, time: stat.mtimeMs } : undefined;
}

/** Whether a kept folder has all that it should, and the files that its header was made of are as they were. */
function isGood(folder: string): boolean {
  if (inputOf(join(folder, pchName)) === undefined) return false;
  if (inputOf(join(folder, inputsName)) === undefined) return false;
  const inputs: Input[] = JSON.parse(readFileSync(join(folder, inputsName), "utf8"));
  return inputs.every(({ path, bytes, time }) => {
    const now = inputOf(path);
    return now?.bytes === bytes && now.time === time;
  });
}

/** The name under which it is kept: another for whatever makes another one. */
function nameOf({ flags, input }: Recipe, version: string, own: readonly string[]): string {
  // The user's flags may name files and folders relative to the working directory.
  const folder = own.length > 0 ? process.cwd() : "";
  const hash = createHash("sha256").update(JSON.stringify([version, flags, folder, input]));
  return `pch-${hash.digest("hex").slice(0, 32)}`;
}

/**
 * Checks what can be checked before a device is asked for its headers.
 *
 * @throws KheadersError `usage` for what cannot be a header's name; `output-failed`.
 */
export function checkPch({ headers, output }: Pick<PchOptions, "headers" | "output">): void {
  headers.forEach(include);
  if (output !== undefined) outputTarget(output);
}

function include(header: string): string {
  if (/^[^<>"\\\p{C}]+$/u.test(header)) return `#include <${header}>\n`;
  throw new KheadersError("usage", `"${printable(header)}" cannot be the name of a header`, {
    hint: "Name headers as after #include, for example linux/sched.h.",
  });
}
