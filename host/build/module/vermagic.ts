import type { TreeFacts } from "../../kernel/tree-facts.js";
import { runTool } from "../../process/tool.js";
import { clangHint, clangIncludeFolder } from "../clang.js";
import { compilerFlags } from "../compiler-flags.js";

const marker = "kheaders_vermagic";

/**
 * The version magic of a kernel's modules (`VERMAGIC_STRING`), as clang's preprocessor finds it in
 * `include/linux/vermagic.h`: release and flags, and how they are put together, change from version to version.
 *
 * @returns undefined if the headers do not define it.
 * @throws KheadersError `tool-missing` if there is no clang; the signal's reason when it aborts.
 */
export async function readVermagic(
  facts: TreeFacts,
  clang: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const flags = compilerFlags(facts, "kernel", await clangIncludeFolder(clang, signal));
  // From 5.8 on the header is only for those who say that they mean it.
  const input = `#define INCLUDE_VERMAGIC\n#include <linux/vermagic.h>\n${marker} VERMAGIC_STRING\n`;
  const { stdout } = await runTool(clang, [...flags, "-w", "-E", "-P", "-x", "c", "-"], {
    signal,
    input,
    hint: clangHint,
  });
  return joinedLiterals(stdout);
}

/** The text that the string literals after the marker make together. */
function joinedLiterals(preprocessed: string): string | undefined {
  const after = preprocessed.slice(preprocessed.lastIndexOf(marker) + marker.length);
  if (!/^(?:\s*"[^"\\]*")+\s*$/.test(after)) return undefined;
  return Array.from(after.matchAll(/"([^"]*)"/g), ([, text]) => text).join("");
}
