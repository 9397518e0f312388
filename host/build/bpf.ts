import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join, resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { readTreeFacts } from "../kernel/tree-facts.js";
import { ignore, neverAborts, type Optional } from "../pull/options.js";
import { outputTarget, writeOutput } from "../user-files/output.js";
import { clangIncludeFolder, findBpfTools } from "./clang.js";
import { compile, fileArgument } from "./compile.js";
import { compilerFlags } from "./compiler-flags.js";
import { headerWarnings } from "./tree-warnings.js";

/** A version of the eBPF instruction set, by llc's name. All kernels take v1; v2 came with 4.14, v3 with 5.1. */
export type BpfVersion = "v1" | "v2" | "v3";

/** What to compile, and how. */
export interface BpfOptions {
  /** The headers: a tree's absolute path. */
  readonly tree: string;
  /** The program's C source. */
  readonly source: string;
  /** Where the object goes; a regular file there is replaced. If undefined, {@link objectNameOf} the source. */
  readonly output: string | undefined;
  readonly version: BpfVersion;
  /** A path, or a name in PATH. It says where its llc is. */
  readonly clang: string;
  /** More flags for clang; they come after those of kheaders. */
  readonly flags: readonly string[];
  readonly signal: AbortSignal;
  /** Gets the errors and warnings of clang and llc as they print them. */
  readonly onDiagnostics: (text: string) => void;
  /** Gets a message for each problem of the headers. */
  readonly onWarning: (message: string) => void;
}

/** A compiled program. */
export interface BpfObject {
  /** Absolute. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** The kernel that its headers are of. */
  readonly release: string;
}

/**
 * Compiles an eBPF program against a tree, with BTF: by default with the `clang` in PATH, for the first version of eBPF.
 * Kernel headers do not compile for eBPF itself, because of their inline assembly: clang compiles for the kernel's
 * architecture, to LLVM's intermediate language, and llc turns that into eBPF. The object appears whole, or not at all.
 *
 * @throws KheadersError `compile-failed` if clang or llc refuses the program; `tool-missing`; `usage` if the tree or the
 * source is missing or not one, and for 32-bit kernels; `output-failed` or `disk-full`; the signal's reason when it aborts.
 */
export async function compileBpf(
  options: Pick<BpfOptions, "tree" | "source"> & Optional<BpfOptions>,
): Promise<BpfObject> {
  const {
    source,
    output = objectNameOf(source),
    version = "v1",
    clang: clangName = "clang",
    flags: moreFlags = [],
  } = options;
  const { signal = neverAborts(), onDiagnostics = ignore, onWarning = ignore } = options;
  const facts = readTreeFacts(options.tree);
  if (facts.architecture.bits === 32) {
    throw new KheadersError(
      "usage",
      `${facts.architecture.machine} has 32-bit pointers and eBPF has 64-bit ones: llc would get the offsets of the kernel's structures wrong`,
      { hint: "Use the headers of a 64-bit kernel." },
    );
  }
  const target = checkBpfFiles({ source, output });
  for (const message of headerWarnings(facts)) onWarning(message);
  const [{ clang, llc }, include] = await Promise.all([
    findBpfTools(clangName, signal),
    clangIncludeFolder(clangName, signal),
  ]);
  const folder = mkdtempSync(join(resolve(tmpdir()), "kheaders-bpf-"));
  try {
    const bitcode = join(folder, "program.bc");
    const object = join(folder, "program.o");
    const flags = [...compilerFlags(facts, "bpf", include), ...moreFlags];
    const how = { what: printable(source, 4096), signal, onDiagnostics };
    await compile(clang, [...flags, "-c", "-emit-llvm", "-o", bitcode, "--", fileArgument(source)], how);
    const march = facts.endianness === "big" ? "bpfeb" : "bpfel";
    const llcFlags = [`-march=${march}`, `-mcpu=${version}`, "-filetype=obj"];
    await compile(llc, [...llcFlags, "-o", object, bitcode], how);
    const content = readFileSync(object);
    writeOutput(content, output);
    return { path: target, bytes: content.length, release: facts.release };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The name that compilers give an object: the source's, with `.o`, in the working folder. */
export function objectNameOf(source: string): string {
  return `${basename(source, extname(source))}.o`;
}

/**
 * Checks the user's files, which can be done before a device is asked for its headers.
 *
 * @returns where the object goes.
 * @throws KheadersError `usage` if there is no such source, or the object would replace it; `output-failed`.
 */
export function checkBpfFiles({ source, output }: { source: string; output: string }): string {
  if (!statSync(source, { throwIfNoEntry: false })?.isFile())
    throw new KheadersError("usage", `no such file: ${printable(source, 4096)}`);
  const target = outputTarget(output);
  if (target === realpathSync(source)) {
    throw new KheadersError("usage", `the object would replace its source: ${printable(source, 4096)}`, {
      hint: "Name another file with -o.",
    });
  }
  return target;
}
