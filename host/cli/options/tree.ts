import type { Argument, Option } from "commander";
import { argument, option } from "./option.js";

/** What names a tree, for every command. */
const treeText = "a folder, or the digest of a cached archive (default: the device's headers)";

/** For commands whose subject is a tree. */
export const treeArgument: Argument = argument("[tree]", treeText);

/** For commands whose arguments are something else. */
export const treeOption: Option = option("--tree <tree>", treeText);

/** The compiler of commands that use one. */
export interface ClangFlags {
  readonly clang: string;
}

export const clangOption: Option = option("--clang <program>", "the clang to use", { default: "clang" });
