import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { type Architecture, architectureOf } from "./architecture.js";
import { autoconfPath, releaseIn, releasePath } from "./belonging.js";
import { type ConfigMacros, parseAutoconf } from "./config.js";

/** What a tree of kernel headers says of its kernel. */
export interface TreeFacts {
  /** Absolute path. */
  readonly tree: string;
  readonly release: string;
  readonly architecture: Architecture;
  readonly endianness: "little" | "big";
  /** `headers`: as in mainline's archive; `modules`: can also build modules, as in the original patch's archive. */
  readonly flavour: "headers" | "modules";
  /** `CONFIG_CC_VERSION_TEXT`, from 5.8 on; before that, `LINUX_COMPILER`, if the archive has it. */
  readonly compiler: string | undefined;
  readonly config: ConfigMacros;
  /** The headers that the kernel's build includes before all others, by their paths in the tree. */
  readonly includedFirst: readonly string[];
}

/**
 * Reads what a tree says of its kernel.
 *
 * @param tree Absolute path.
 * @throws KheadersError `usage` if it is not a kernel header tree, or its architecture is unknown.
 */
export function readTreeFacts(tree: string): TreeFacts {
  const release = releaseIn(read(tree, releasePath));
  if (release === undefined) throw notATree(tree, `${releasePath} does not define UTS_RELEASE`);
  const config = parseAutoconf(read(tree, autoconfPath));
  const sourceName = architectureFolder(tree);
  if (sourceName === undefined) throw notATree(tree, "it has no arch/…/include");
  const architecture = architectureOf(sourceName, config.has("CONFIG_64BIT") ? 64 : 32);
  if (!architecture) throw notATree(tree, `its architecture "${printable(sourceName)}" is unknown`);
  return {
    tree,
    release,
    architecture,
    endianness: config.has("CONFIG_CPU_BIG_ENDIAN") ? "big" : "little",
    flavour: buildsModules(tree, sourceName) ? "modules" : "headers",
    compiler: textIn(config.get("CONFIG_CC_VERSION_TEXT")) ?? compilerIn(tree),
    config,
    includedFirst: headersIncludedFirst.filter((path) => existsSync(join(tree, path))),
  };
}

/**
 * Makefile (USERINCLUDE) and, from 4.16 on, scripts/Makefile.lib (c_flags). Without compiler_types.h a header that does not
 * include it takes `__packed` for the name of a variable.
 */
const headersIncludedFirst = ["include/linux/kconfig.h", "include/linux/compiler_types.h"];

/** Whether a tree has what `make modules` begins with: the Makefiles that it includes (Linux Makefile, scripts/Makefile.build). */
function buildsModules(tree: string, sourceName: string): boolean {
  const wanted = ["Makefile", "scripts/Makefile.build", `arch/${sourceName}/Makefile`];
  return wanted.every((name) => existsSync(join(tree, name)));
}

/** The folder in `arch/` that the headers are of. */
function architectureFolder(tree: string): string | undefined {
  const arch = join(tree, "arch");
  if (!existsSync(arch)) return undefined;
  return readdirSync(arch).find((name) => existsSync(join(arch, name, "include")));
}

/** The compiler that `include/generated/compile.h` names. */
function compilerIn(tree: string): string | undefined {
  const path = join(tree, "include/generated/compile.h");
  if (!existsSync(path)) return undefined;
  return textIn(/^#define LINUX_COMPILER (".*")$/m.exec(readFileSync(path, "utf8"))?.[1]);
}

/** The text that a string literal of `autoconf.h` stands for: kconfig escapes `"` and `\\` alone. */
function textIn(literal: string | undefined): string | undefined {
  return /^"(.*)"$/.exec(literal ?? "")?.[1]?.replace(/\\(.)/g, "$1");
}

function read(tree: string, path: string): string {
  try {
    return readFileSync(join(tree, path), "utf8");
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT" && errnoOf(cause) !== "ENOTDIR") throw cause;
    throw notATree(tree, `it has no ${path}`, cause);
  }
}

function notATree(tree: string, reason: string, cause?: unknown): KheadersError {
  return new KheadersError("usage", `${printable(tree, 4096)} is not a kernel header tree: ${reason}`, {
    hint: 'Name a tree that kheaders made, as in: kheaders info "$(kheaders pull)"',
    cause,
  });
}
