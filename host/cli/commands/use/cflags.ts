import { KheadersError } from "../../../../shared/errors.js";
import { command } from "../../options/command.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeArgument } from "../../options/tree.js";

interface Flags extends PullFlags, ClangFlags {
  readonly bpf?: boolean;
  readonly kernel?: boolean;
  readonly make?: boolean;
  readonly cmake?: boolean;
  readonly compileFlags?: boolean;
}

export const add = command<Flags, [tree: string | undefined]>({
  name: "cflags",
  summary: "print compiler flags for code that includes the headers",
  arguments: [treeArgument],
  options: [
    option("--bpf", "for eBPF programs; clang's output goes through llc -march=bpf", {
      conflicts: ["kernel"],
    }),
    option("--kernel", "for code that runs in the kernel"),
    option("--make", "print a variable for make", { conflicts: ["cmake", "compileFlags"] }),
    option("--cmake", "print a list for CMake", { conflicts: ["compileFlags"] }),
    option("--compile-flags", "print a compile_flags.txt for clangd: one flag a line"),
    clangOption,
    ...pullOptions,
  ],
  examples: [
    "clang $(kheaders cflags --bpf) -S -emit-llvm prog.c -o - | llc -march=bpf -filetype=obj -o prog.o",
    "kheaders cflags --bpf --compile-flags > compile_flags.txt",
    "kheaders cflags --kernel --json | jq length",
  ],
  async run(context, what) {
    const { flags } = context;
    if (!flags.bpf && !flags.kernel) throw new KheadersError("usage", "cflags needs --bpf or --kernel");
    const { withTree } = await import("../../../pull/tree/locate.js");
    const { clangIncludeFolder } = await import("../../../build/clang.js");
    const { compilerFlags } = await import("../../../build/compiler-flags.js");
    const { readTreeFacts } = await import("../../../kernel/tree-facts.js");
    const { headerWarnings } = await import("../../../build/tree-warnings.js");
    const { cmakeWord, compileFlagsLine, makeWord, shellWord } = await import("../../../build/quoting.js");
    const include = await clangIncludeFolder(flags.clang, context.signal);
    const facts = await withTree(what, await pullOptionsOf(context), async ({ tree }) => readTreeFacts(tree));
    for (const message of headerWarnings(facts)) context.reporter.on({ type: "warning", message });
    const words = compilerFlags(facts, flags.bpf ? "bpf" : "kernel", include);
    return { json: [words], lines: linesOf(words) };

    function linesOf(words: readonly string[]): readonly string[] {
      if (flags.make) return [`KHEADERS_CFLAGS := ${words.map(makeWord).join(" ")}`];
      if (flags.cmake) return [`set(KHEADERS_CFLAGS ${words.map(cmakeWord).join(" ")})`];
      if (flags.compileFlags) return words.map(compileFlagsLine);
      return [words.map(shellWord).join(" ")];
    }
  },
});
