import type { BpfVersion } from "../../../build/bpf.js";
import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeOption } from "../../options/tree.js";

interface Flags extends PullFlags, ClangFlags {
  readonly output?: string;
  readonly tree?: string;
  readonly mcpu: BpfVersion;
  readonly core?: boolean;
}

export const add = command<Flags, [source: string, flags: string[]]>({
  name: "bpf",
  summary: "compile an eBPF program, and print the object's path",
  arguments: [argument("<source>", "the program in C"), argument("[flags...]", "flags for clang, after --")],
  options: [
    option("-o, --output <file>", "where the object goes (default: prog.o for prog.c, here)"),
    treeOption,
    option("--core", "compile once for many kernels, with vmlinux.h in the place of headers"),
    option<BpfVersion>("--mcpu <version>", "version of the eBPF instructions", {
      choices: ["v1", "v2", "v3"] satisfies BpfVersion[],
      default: "v1",
    }),
    clangOption,
    ...pullOptions,
  ],
  details: `llc must be installed beside clang. If either fails, the exit status is 1 and
no object is written. Programs may include bpf/bpf_helpers.h and other headers of
libbpf, if that is installed.`,
  examples: [
    "kheaders bpf prog.c",
    "kheaders -s R5CT30ABCDE bpf prog.c -- -DDEBUG -Werror",
    "kheaders bpf prog.c -o prog.o --tree 3f786850e387 --mcpu v3",
    "kheaders bpf --core core.c",
  ],
  async run(context, source, clangFlags) {
    const { flags, signal, reporter } = context;
    const { checkBpfFiles, compileBpf, objectNameOf } = await import("../../../build/bpf.js");
    const { output = objectNameOf(source) } = flags;
    checkBpfFiles({ source, output });
    const pulled = await pullOptionsOf(context);
    const how = {
      source,
      output,
      version: flags.mcpu,
      clang: flags.clang,
      flags: clangFlags,
      signal,
      onDiagnostics: reporter.passOn,
    };
    if (flags.core) {
      const { compileCore } = await import("../../../btf/core.js");
      const object = await compileCore(flags.tree, { ...pulled, from: undefined, clang: flags.clang }, how);
      return { json: [object], lines: [object.path] };
    }
    const { withTree } = await import("../../../pull/tree/locate.js");
    return withTree(flags.tree, pulled, async ({ tree }) => {
      const onWarning = (message: string) => reporter.on({ type: "warning", message });
      const object = await compileBpf({ ...how, tree, onWarning });
      return { json: [{ ...object, tree }], lines: [object.path] };
    });
  },
});
