import { KheadersError } from "../../../../shared/errors.js";
import type { BtfSource, LocatedBtf } from "../../../btf/locate.js";
import type { PullOptions } from "../../../pull/options.js";
import { command } from "../../options/command.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeArgument } from "../../options/tree.js";
import { headerObject } from "../../report/result.js";
import type { Output } from "../../run.js";

interface Flags extends PullFlags, ClangFlags {
  readonly output?: string;
  readonly from?: BtfSource;
  readonly vmlinuxH?: string | true;
  readonly module?: string;
}

/** What BTF made from headers can never have. */
const missingFromHeaders = ["functions", "types that only .c files define"];

export const add = command<Flags, [tree: string | undefined]>({
  name: "btf",
  summary: "get the kernel's BTF, or make it, and print its path",
  arguments: [treeArgument],
  options: [
    option("-o, --output <file>", "also leave a copy here"),
    option("--from <source>", "take it only from there (default: the first that has it)", {
      choices: ["device", "file", "headers"] satisfies BtfSource[],
    }),
    option("--vmlinux-h [file]", "print the path of its vmlinux.h (--vmlinux-h=FILE also leaves a copy)"),
    option("--module <name>", "print the path of this loaded module's BTF", {
      conflicts: ["from", "vmlinuxH"],
    }),
    clangOption,
    ...pullOptions,
  ],
  details: `BTF describes the kernel's types: libbpf, cilium/ebpf and bpftrace need it. If the kernel has none, or only root could read it, it is made from the headers, with clang and pahole: without functions, and without types that only .c files define.

--vmlinux-h needs bpftool. Here --refresh only gets the BTF anew.`,
  examples: [
    "kheaders btf",
    "kheaders btf --from headers -o vmlinux.btf",
    "kheaders btf --vmlinux-h=./vmlinux.h",
  ],
  async run(context, what) {
    const { flags } = context;
    const { copyOutput, outputTarget } = await import("../../../user-files/output.js");
    const { checkModuleName } = await import("../../../btf/device.js");
    const header = flags.vmlinuxH === true ? undefined : flags.vmlinuxH;
    for (const target of [flags.output, header]) if (target !== undefined) outputTarget(target);
    const pulled = await pullOptionsOf(context);
    if (flags.module !== undefined) {
      checkModuleName(flags.module);
      if (what !== undefined) throw new KheadersError("usage", "--module takes no tree: it asks the device");
      return moduleOutput(flags.module, flags.output, pulled);
    }
    const { withBtf } = await import("../../../btf/locate.js");
    const options = { ...pulled, from: flags.from, clang: flags.clang };
    return withBtf(what, options, async (located) => {
      const isKept = located.keep !== undefined;
      if (!isKept) checkCopies(flags);
      if (flags.output !== undefined) copyOutput(located.path, flags.output);
      const types = flags.json ? await countTypes(located.path) : undefined;
      const path = isKept ? located.path : flags.output && outputTarget(flags.output);
      if (flags.vmlinuxH === undefined) return outputOf(located, { path, types });
      const { vmlinuxHeader, withVmlinuxH } = await import("../../../btf/vmlinux-h.js");
      return withVmlinuxH(located, options, async (folder) => {
        const made = vmlinuxHeader(folder);
        if (header !== undefined) copyOutput(made, header);
        const place = isKept ? made : header && outputTarget(header);
        return outputOf(located, { path, types, header: place });
      });
    });
  },
});

/** What is made of a folder outside the cache has no place there. */
function checkCopies({ output, vmlinuxH }: Flags): void {
  if (vmlinuxH === undefined ? output !== undefined : vmlinuxH !== true) return;
  throw new KheadersError(
    "usage",
    "this folder is not in the cache, so there is no place for what is made of it",
    {
      hint: vmlinuxH === undefined ? "Name a file with -o." : "Name a file: --vmlinux-h=FILE",
    },
  );
}

/** What is printed beside what is known of the BTF. */
interface Printed {
  readonly path: string | undefined;
  readonly types: number | undefined;
  readonly header?: string | undefined;
}

function outputOf(located: LocatedBtf, { path, types, header }: Printed): Output {
  const { serial, release, from, cache, made } = located;
  const json = {
    serial: serial ?? null,
    release,
    path: path ?? null,
    from,
    cache,
    types: types ?? null,
    vmlinuxH: header ?? null,
    headers: made?.headers ?? null,
    leftOut: made?.leftOut.map(headerObject) ?? null,
    missing: made ? missingFromHeaders : [],
  };
  return { json: [json], lines: [header ?? path ?? ""] };
}

async function countTypes(path: string): Promise<number> {
  const { readFileSync } = await import("node:fs");
  const walk = await import("../../../kernel/btf/walk.js");
  return walk.countTypes(readFileSync(path));
}

async function moduleOutput(name: string, output: string | undefined, options: PullOptions): Promise<Output> {
  const { btfOfModule } = await import("../../../btf/device.js");
  const { copyOutput } = await import("../../../user-files/output.js");
  const { path, base } = await btfOfModule(options, name);
  if (output !== undefined) copyOutput(path, output);
  const { serial, entry } = base;
  return {
    json: [{ serial, release: entry.kernel.release, module: name, path, base: base.path }],
    lines: [path],
  };
}
