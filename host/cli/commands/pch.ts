import { type Command, Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly bpf?: boolean;
  readonly kernel?: boolean;
  readonly output?: string;
  readonly tree?: string;
  readonly clang: string;
}

export function addPch(program: Command): void {
  const command = program
    .command("pch [headers...]")
    .description(
      "precompile headers, so that what includes them compiles faster, and print the flag that uses them",
    )
    .addOption(new Option("--bpf", "for eBPF programs: with the flags of cflags --bpf").conflicts("kernel"))
    .addOption(new Option("--kernel", "for code that runs in the kernel: with those of cflags --kernel"))
    .option("-o, --output <file>", "where it goes (default: beside the tree in the cache)")
    .option("--tree <tree>", "a folder, or the digest of a cached archive (default: that of the device)")
    .option("--clang <program>", "the clang to use", "clang");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
Without headers, it takes those that tracers use; \`kheaders check\` lists them. Flags after -- go to clang. It only serves
the same clang with the same flags. The next call with the same headers and flags is answered from the cache.

Examples:
  $ clang $(kheaders cflags --bpf) $(kheaders pch --bpf) -S -emit-llvm prog.c -o prog.ll
  $ kheaders pch --bpf linux/sched.h net/sock.h
  $ kheaders pch --kernel --tree ./headers -o headers.pch linux/module.h -- -DDEBUG`,
    )
    .action(async (words: string[], _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        if (!flags.bpf && !flags.kernel) throw new KheadersError("usage", "pch needs --bpf or --kernel");
        const { locateTree } = await import("../../pull/locate-tree.js");
        const { precompileHeaders } = await import("../../build/pch.js");
        const { shellWord } = await import("../../build/quoting.js");
        const options = await pullOptionsOf(flags, context);
        const headers = words.slice(0, words.length - wordsAfterDashes(process.argv));
        const made = await precompileHeaders({
          located: await locateTree(flags.tree, options),
          cache: options.cache,
          purpose: flags.bpf ? "bpf" : "kernel",
          headers,
          clang: flags.clang,
          flags: words.slice(headers.length),
          output: flags.output,
          signal: context.signal,
          onDiagnostics: context.reporter.passOn,
        });
        if (flags.json) printJson(made);
        else printLine(made.flags.map(shellWord).join(" "));
        return undefined;
      });
    });
}

/** How many words come after `--`, which the parser gives together with those before. */
function wordsAfterDashes(words: readonly string[]): number {
  const dashes = words.indexOf("--");
  return dashes < 0 ? 0 : words.length - dashes - 1;
}
