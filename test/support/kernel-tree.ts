import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a tree that exists only in a test says of its kernel. */
export interface TreeOptions {
  readonly release?: string;
  /** Folder in `arch/`. */
  readonly arch?: string;
  /** Lines of `autoconf.h` after `#define `. */
  readonly macros?: readonly string[];
  /** More files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes a tree of kernel headers: the few files that tell its kernel, and nothing to compile against. */
export function writeTree(folder: string, options: TreeOptions = {}): string {
  const {
    release = "6.1.57-android14-11",
    arch = "arm64",
    macros = ["CONFIG_64BIT 1"],
    files = {},
  } = options;
  const define = (macro: string) => `#define ${macro}\n`;
  const all = {
    "include/generated/utsrelease.h": define(`UTS_RELEASE "${release}"`),
    "include/generated/autoconf.h": macros.map(define).join(""),
    "include/linux/kconfig.h": "#include <generated/autoconf.h>\n",
    [`arch/${arch}/include/asm/page.h`]: "",
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
