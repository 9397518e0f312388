import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** How the programs behave that stand for clang and llc. */
export interface FakeClangOptions {
  /** Clang's version. */
  readonly version?: string;
  /** What llc says of its version. */
  readonly llcVersion?: string;
  /** What clang calls its llc; by default the one beside it. */
  readonly llcName?: string;
  /** Commands of a shell that stand for compiling: "$out" is the file to make, "$words" all that was given. */
  readonly clangBody?: string;
  readonly llcBody?: string;
}

const outOf = 'while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done';

/**
 * Writes programs that answer as clang and llc do, into a folder. They compile nothing: what they make holds the words that
 * they were called with.
 *
 * @returns the path of the one that stands for clang.
 */
export function writeFakeClang(folder: string, options: FakeClangOptions = {}): string {
  const { version = "14.0.6", llcVersion = "LLVM version 14.0.6" } = options;
  const llc = join(folder, "llc");
  const { llcName = llc, clangBody = 'echo "$words" >"$out"', llcBody = 'cat "$in" >"$out"' } = options;
  const answers = {
    "-dumpversion": version,
    "-print-prog-name=llc": llcName,
    "-print-resource-dir": "/res",
    "--version": `clang ${version}`,
  };
  const cases = Object.entries(answers).map(([option, answer]) => `${option}) echo '${answer}'; exit ;;`);
  writeProgram(
    join(folder, "clang"),
    `case $1 in ${cases.join(" ")} esac\nwords="$*"\n${outOf}\n${clangBody}`,
  );
  writeProgram(
    llc,
    `[ "$1" = --version ] && { echo 'A ${llcVersion}'; exit; }\nwords="$*"\nfor in; do :; done\n${outOf}\n${llcBody}`,
  );
  return join(folder, "clang");
}

function writeProgram(file: string, body: string): void {
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}
