import { printable } from "../../../../shared/printable.js";
import type { CheckedModule } from "../../../build/module/check-modules.js";
import { command } from "../../options/command.js";
import { argument } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeOption } from "../../options/tree.js";

interface Flags extends PullFlags, ClangFlags {
  readonly tree?: string;
}

export const add = command<Flags, [files: string[]]>({
  name: "check-module",
  summary: "tell whether the kernel would load a module, without loading it",
  arguments: [argument("<files...>", "module files (.ko, .ko.gz), or folders of them")],
  options: [treeOption, clangOption, ...pullOptions],
  details: `Compares what a module says of itself with the kernel: architecture, version
magic, the version of each symbol, the symbols that it needs, their namespaces,
license and signature. Symbol versions are collected from the device if they
are needed (see: kheaders symvers). The exit status is 0 if all of it is known
to fit, and 1 if not.`,
  examples: [
    "kheaders check-module hello.ko",
    "kheaders check-module out/modules --tree 3f786850e387",
    "kheaders check-module hello.ko --json | jq '.misfits[].message'",
  ],
  async run(context, paths) {
    const { checkModules } = await import("../../../build/module/check-modules.js");
    const { tree, clang } = context.flags;
    const { release, modules } = await checkModules({
      paths,
      tree,
      clang,
      pull: await pullOptionsOf(context),
    });
    return {
      json: modules.map((module) => ({ release, ...module })),
      lines: modules.flatMap((module) => linesOf(module, release)),
      status: modules.every(({ fits }) => fits === "yes") ? 0 : 1,
    };
  },
});

const verdicts = { yes: "fits", no: "does not fit", unknown: "may not fit" } as const;

function linesOf({ file, fits, misfits, needs }: CheckedModule, release: string): string[] {
  const before =
    needs.length === 0 ? "" : ` (load before it: ${needs.map((name) => printable(name)).join(", ")})`;
  return [
    `${printable(file, 4096)} ${verdicts[fits]} ${printable(release)}${fits === "yes" ? before : ""}`,
    ...misfits.flatMap(({ fits: certainty, message, hint }) => [
      `  ${certainty === "no" ? "no" : "unknown"}: ${message}`,
      `    ${hint}`,
    ]),
  ];
}
