import { printable } from "../../../../shared/printable.js";
import type { BtfSource } from "../../../btf/locate.js";
import type { Body, Layout, LayoutMember } from "../../../compare/layout/layout.js";
import type { MemberPlace } from "../../../compare/layout/member-path.js";
import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeArgument } from "../../options/tree.js";

interface Flags extends PullFlags, ClangFlags {
  readonly deep?: boolean;
  readonly from?: BtfSource;
  readonly module?: string;
  readonly base?: string;
}

export const add = command<Flags, [structs: string, tree: string | undefined]>({
  name: "layout",
  summary: "show how a struct lies in the kernel's memory",
  arguments: [
    argument("<struct>", "structs, unions, or members such as task_struct.pid, with commas between"),
    treeArgument,
  ],
  options: [
    option("--deep", "also show what is in members that are structs with a name"),
    option("--from <source>", "take the types only from there (default: the first that has them)", {
      choices: ["device", "file", "headers"] satisfies BtfSource[],
    }),
    option("--module <name>", "with the types of this loaded module", { conflicts: ["from", "base"] }),
    option("--base <file>", "the kernel's BTF, if the file is a module's BTF", { conflicts: ["from"] }),
    clangOption,
    ...pullOptions,
  ],
  details: `Offsets, sizes, holes and cache lines of 64 bytes are shown as pahole shows them. Of a member, only its offset in bytes is printed; of a bit field, also its first bit: 2344:3.

The types are those of the kernel's BTF; see: kheaders btf --help. Instead of a tree, a file may be named: raw BTF, a vmlinux, or a module.`,
  examples: [
    "kheaders layout task_struct",
    "kheaders layout task_struct.thread.sp,sighand_struct.action[2].sa",
    "kheaders layout --deep sock ./vmlinux",
    "kheaders layout nf_conn --module nf_conntrack --json",
  ],
  async run(context, structs, what) {
    const { flags, reporter } = context;
    const { withTypes } = await import("../../../compare/layout/with-types.js");
    const { findType } = await import("../../../compare/layout/find-type.js");
    const { layoutOf } = await import("../../../compare/layout/layout.js");
    const { isMemberPath, memberAt } = await import("../../../compare/layout/member-path.js");
    const { layoutText } = await import("../../report/layout-text.js");
    const { clang, from, module, base } = flags;
    const options = { ...(await pullOptionsOf(context)), clang, from, module, base };
    const names = structs.split(",");
    const answers = await withTypes(what, options, (btf) =>
      names.map((name) => {
        if (isMemberPath(name)) return placeAnswer(memberAt(btf, name));
        const { id, others } = findType(btf, name);
        if (others > 0) reporter.on({ type: "warning", message: ambiguity(name, others) });
        const layout = layoutOf(btf, id, { deep: flags.deep === true });
        if (flags.json) return { json: layoutObject(layout), lines: [] };
        return { json: {}, lines: [...layoutText(layout), ""] };
      }),
    );
    const lines = answers.flatMap((answer) => answer.lines);
    return { json: answers.map(({ json }) => json), lines: lines.at(-1) === "" ? lines.slice(0, -1) : lines };
  },
});

function ambiguity(name: string, others: number): string {
  const more = others === 1 ? "another type has" : `${others} other types have`;
  return `${more} the name ${printable(name)}, in other source files of the kernel; this is the first one`;
}

function placeAnswer(place: MemberPlace): { json: object; lines: string[] } {
  const { path: member, type, offset, size, bits } = place;
  return {
    json: { member, type, offset, size, bits: bits ?? null },
    lines: [bits === undefined ? String(offset) : `${offset}:${bits.offset}`],
  };
}

function layoutObject(layout: Layout): object {
  const { kind, name, typedef, size, padding } = layout;
  return { kind, name, typedef: typedef ?? null, size, padding: padding ?? null, members: membersOf(layout) };
}

function membersOf({ members }: Body): object[] {
  return members.map(({ name, type, offset, size, bits, hole, body }: LayoutMember) => ({
    name,
    type,
    offset,
    size,
    bits: bits ?? null,
    hole: hole ?? null,
    members: body === undefined ? null : membersOf(body),
  }));
}
