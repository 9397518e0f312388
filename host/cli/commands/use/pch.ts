import { KheadersError } from "../../../../shared/errors.js";
import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeOption } from "../../options/tree.js";

interface Flags extends PullFlags, ClangFlags {
  readonly bpf?: boolean;
  readonly kernel?: boolean;
  readonly output?: string;
  readonly tree?: string;
}

export const add = command<Flags, [words: string[]]>({
  name: "pch",
  summary: "precompile headers, and print the flag that uses them",
  arguments: [argument("[headers...]", "such as linux/sched.h; flags for clang, after --")],
  options: [
    option("--bpf", "for eBPF programs: with the flags of cflags --bpf", { conflicts: ["kernel"] }),
    option("--kernel", "for code that runs in the kernel: with the flags of cflags --kernel"),
    option("-o, --output <file>", "where it goes (default: beside the tree in the cache)"),
    treeOption,
    clangOption,
    ...pullOptions,
  ],
  details: `What includes precompiled headers compiles faster. They only work with the same
clang and the same flags. If no headers are named, those that tracers use are
taken (see: kheaders check). The result is cached: the next call with the same
headers and flags is answered at once.`,
  examples: [
    "clang $(kheaders cflags --bpf) $(kheaders pch --bpf) -S -emit-llvm prog.c",
    "kheaders pch --bpf linux/sched.h net/sock.h",
    "kheaders pch --kernel --tree ./hdrs -o hdrs.pch linux/module.h -- -DDEBUG",
  ],
  async run(context, words) {
    const { flags, signal, reporter } = context;
    if (!flags.bpf && !flags.kernel) throw new KheadersError("usage", "pch needs --bpf or --kernel");
    const { withTree } = await import("../../../pull/tree/locate.js");
    const { checkPch, precompileHeaders } = await import("../../../build/pch.js");
    const { shellWord } = await import("../../../build/quoting.js");
    const headers = words.slice(0, words.length - wordsAfterDashes(process.argv));
    checkPch({ headers, output: flags.output });
    const options = await pullOptionsOf(context);
    const made = await withTree(flags.tree, options, (located) =>
      precompileHeaders({
        located,
        cache: options.cache,
        purpose: flags.bpf ? "bpf" : "kernel",
        headers,
        clang: flags.clang,
        flags: words.slice(headers.length),
        output: flags.output,
        signal,
        onDiagnostics: reporter.passOn,
        onWarning: (message) => reporter.on({ type: "warning", message }),
      }),
    );
    return { json: [made], lines: [made.flags.map(shellWord).join(" ")] };
  },
});

/** How many words come after `--`: the parser gives them together with those before. */
function wordsAfterDashes(words: readonly string[]): number {
  const dashes = words.indexOf("--");
  return dashes < 0 ? 0 : words.length - dashes - 1;
}
