import { type Command, Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly bpf?: boolean;
  readonly kernel?: boolean;
  readonly make?: boolean;
  readonly cmake?: boolean;
  readonly compileFlags?: boolean;
  readonly clang: string;
}

export function addCflags(program: Command): void {
  const command = program
    .command("cflags [tree]")
    .description("print the compiler's flags for code against the headers")
    .addOption(
      new Option("--bpf", "for eBPF programs: clang's output goes through llc -march=bpf").conflicts(
        "kernel",
      ),
    )
    .addOption(new Option("--kernel", "for code that runs in the kernel"))
    .addOption(new Option("--make", "as a variable for make").conflicts(["cmake", "compileFlags"]))
    .addOption(new Option("--cmake", "as a list for CMake").conflicts("compileFlags"))
    .addOption(new Option("--compile-flags", "as compile_flags.txt, for clangd: one flag a line"))
    .option("--clang <program>", "the clang whose own headers are used", "clang");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  $ clang $(kheaders cflags --bpf) -S -emit-llvm prog.c -o - | llc -march=bpf -filetype=obj -o prog.o
  $ kheaders cflags --bpf --compile-flags > compile_flags.txt
  $ kheaders cflags --kernel --json | jq length`,
    )
    .action(async (what: string | undefined, _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        if (!flags.bpf && !flags.kernel) {
          throw new KheadersError("usage", "cflags needs --bpf or --kernel");
        }
        const { findTree } = await import("../../pull/locate-tree.js");
        const { clangIncludeFolder } = await import("../../build/clang.js");
        const { compilerFlags } = await import("../../build/compiler-flags.js");
        const { readTreeFacts } = await import("../../kernel/tree-facts.js");
        const { cmakeWord, makeWord, shellWord } = await import("../../build/quoting.js");
        const include = await clangIncludeFolder(flags.clang, context.signal);
        const facts = readTreeFacts(await findTree(what, await pullOptionsOf(flags, context)));
        const words = compilerFlags(facts, flags.bpf ? "bpf" : "kernel", include);
        if (flags.json) printJson(words);
        else if (flags.make) printLine(`KHEADERS_CFLAGS := ${words.map(makeWord).join(" ")}`);
        else if (flags.cmake) printLine(`set(KHEADERS_CFLAGS ${words.map(cmakeWord).join(" ")})`);
        else if (flags.compileFlags) printLine(words.join("\n"));
        else printLine(words.map(shellWord).join(" "));
        return undefined;
      });
    });
}
