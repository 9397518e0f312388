import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import type { DiffOptions, SummarizedDiff } from "../../../compare/diff/diff-kernels.js";
import type { KernelDiff, PartName, TypeChange, TypesDiff } from "../../../compare/diff/kernel-diff.js";
import type { KernelNames } from "../../../compare/diff/sides.js";
import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption } from "../../options/tree.js";
import type { Context, Output } from "../../run.js";

interface Flags extends PullFlags, ClangFlags {
  readonly last?: boolean;
  readonly config?: boolean;
  readonly headers?: boolean;
  readonly patch?: boolean;
  readonly types?: boolean;
  readonly struct?: string;
  readonly symbols?: boolean;
  readonly html?: string;
}

/** The exit status if the kernels differ, as diff has it. */
const different = 1;

export const add = command<Flags, [old: string | undefined, now: string | undefined]>({
  name: "diff",
  summary: "show in what two kernels differ",
  arguments: [
    argument("[old]", "a folder, a digest, a release or an imported file in the cache, or a serial"),
    argument("[new]", "the same (default: the device's kernel)"),
  ],
  options: [
    option("--last", "compare with the kernel that the device ran before this one"),
    option("--config", "the options that differ, with both values"),
    option("--headers", "the headers that were added, removed or changed, by folder"),
    option("--patch", "the headers' differences as a unified patch"),
    option("--types", "the structs, unions and enums that differ"),
    option("--struct <names>", "the members of these that differ, with commas between"),
    option("--symbols", "the exported symbols whose versions (CRCs) differ"),
    option("--html <file>", "also write all of it as one page for a browser"),
    clangOption,
    ...pullOptions,
  ],
  details: `Without an option for a part, all four are counted. That is kept in the cache, so that it is quick the second time.

The types are those of the kernels' own BTF. If one of them has none in the cache, both are made from the headers; see: kheaders btf --help. A type differs if its size does or a member of its own lies elsewhere, has another type or another size. It is listed once, however many others contain it.

Symbol versions come from Module.symvers files that were imported, or from the device's modules; see: kheaders symvers --help.

A page that --html writes needs no network and stays below 5 MB: what is left out of it for that, it says.

The exit status is 0 if nothing differs, 1 if something does, and larger for errors.`,
  examples: [
    "kheaders diff --last                          # what the swapped kernel changed",
    "kheaders diff 6.1.57-android14-11 R5CT30ABCDE",
    "kheaders diff --last --struct task_struct,sock",
    "kheaders diff --config 6c2d1e0f 93ab4c5d",
    "kheaders diff --patch 6c2d1e0f 93ab4c5d > headers.patch",
    "kheaders diff --last --html swap.html",
    "kheaders diff --types --json 6c2d1e0f 93ab4c5d | jq .types.added",
  ],
  async run(context, old, now) {
    const { flags } = context;
    const names = namesOf(flags, old, now);
    const parts = partsOf(flags);
    if (flags.patch && (flags.json || parts.length > 0))
      throw new KheadersError("usage", "--patch cannot be given with --json, or for another part");
    if (flags.html !== undefined && (flags.patch || parts.length > 0))
      throw new KheadersError("usage", "--html takes all parts: it cannot be given with an option for one");
    const options = { ...(await pullOptionsOf(context)), clang: flags.clang, names };
    if (flags.patch) return patch(context, options);
    if (parts.length > 0) return details(context, parts, options);
    if (flags.html !== undefined) return page(flags.html, options);
    const { summarizeKernelDiff } = await import("../../../compare/diff/diff-kernels.js");
    return summary(
      await summarizeKernelDiff(options),
      "For details: --config, --headers, --types, --symbols",
    );
  },
});

function namesOf({ last }: Flags, old: string | undefined, now: string | undefined): KernelNames {
  if (!last) {
    if (old !== undefined) return { old, new: now };
    throw new KheadersError("usage", "name the kernels to compare, or --last");
  }
  if (old === undefined) return { old: { previous: true }, new: undefined };
  throw new KheadersError("usage", "--last takes no kernel: it compares two of the device's", {
    hint: "Choose the device with -s.",
  });
}

function partsOf({ config, headers, types, struct, symbols }: Flags): PartName[] {
  const wanted = { config, headers, types: types || struct !== undefined, symbols };
  return (["config", "headers", "types", "symbols"] as const).filter((name) => wanted[name]);
}

/** @param more Tells where more is, if anything differs. */
async function summary(found: SummarizedDiff, more: string): Promise<Output> {
  const { isSame } = await import("../../../compare/diff/summary.js");
  const { summaryObject } = await import("../../report/diff/diff-object.js");
  const { summaryText } = await import("../../report/diff/summary-text.js");
  const equal = isSame(found.summary);
  return {
    json: [summaryObject(found, equal)],
    lines: [...summaryText(found), ...(equal ? [] : ["", more])],
    status: equal ? 0 : different,
  };
}

async function page(file: string, options: DiffOptions): Promise<Output> {
  const { withWholeKernelDiff } = await import("../../../compare/diff/diff-kernels.js");
  const { pageOf } = await import("../../../compare/page/page.js");
  const { outputTarget, writeOutput } = await import("../../../user-files/output.js");
  const target = outputTarget(file);
  return withWholeKernelDiff(options, async (diff, found) => {
    writeOutput(Buffer.from([...pageOf(diff)].join("")), file);
    return summary({ ...diff, summary: found }, `All of it: ${printable(target, 4096)}`);
  });
}

async function patch(context: Context<Flags>, options: DiffOptions): Promise<Output> {
  const { withKernelDiff } = await import("../../../compare/diff/diff-kernels.js");
  const { writePatch } = await import("../../../compare/diff/patch.js");
  const { withPager } = await import("../../report/diff/pager.js");
  return withKernelDiff([], options, async (diff) => {
    context.reporter.close();
    if (process.stdout.isTTY) context.handOver();
    const { differs, problems } = await withPager((write) => writePatch(diff, write, options.signal));
    for (const problem of problems) context.reporter.note(`kheaders: ${printable(problem, 400)}`);
    return { json: [], lines: [], status: differs ? different : 0 };
  });
}

async function details(
  context: Context<Flags>,
  parts: readonly PartName[],
  options: DiffOptions,
): Promise<Output> {
  const { withKernelDiff } = await import("../../../compare/diff/diff-kernels.js");
  const { diffObject } = await import("../../report/diff/diff-object.js");
  const { flags } = context;
  return withKernelDiff(parts, options, async (diff) => {
    const structs = flags.struct === undefined ? undefined : structsOf(diff.types?.diff, flags.struct);
    // Of the types, only those that were named count if any were.
    const isTypesAlone = structs !== undefined && !flags.types;
    const types = isTypesAlone ? (structs ?? []) : (diff.types?.diff?.types ?? []);
    const differences = [
      diff.config?.diff?.options ?? [],
      diff.headers?.diff?.files ?? [],
      types,
      diff.symbols?.diff?.symbols ?? [],
    ];
    const equal = differences.every(({ length }) => length === 0);
    const lines = flags.json ? [] : await linesOf(diff, structs, isTypesAlone);
    return { json: [diffObject(diff, equal, structs)], lines, status: equal ? 0 : different };
  });
}

/** The types of some names that differ. @throws KheadersError `usage` for a name that neither kernel has. */
function structsOf(types: TypesDiff | undefined, names: string): TypeChange[] {
  return names.split(",").flatMap((text) => {
    const name = text.replace(/^(?:struct|union|enum)\s+/, "").trim();
    if (types !== undefined && !types.has(name))
      throw new KheadersError("usage", `neither kernel has a struct, union or enum "${printable(name)}"`);
    return types?.types.filter((type) => type.name === name) ?? [];
  });
}

async function linesOf(
  { config, headers, types, symbols }: KernelDiff,
  structs: readonly TypeChange[] | undefined,
  isTypesAlone: boolean,
): Promise<string[]> {
  const texts = await import("../../report/diff/part-texts.js");
  const members = structs?.flatMap((type) =>
    types?.diff ? texts.structText(type, types.diff.details(type)) : [],
  );
  const parts = [
    config?.diff && texts.configText(config.diff),
    headers?.diff && texts.headersText(headers.diff),
    isTypesAlone ? undefined : types?.diff && texts.typesText(types.diff),
    members,
    symbols?.diff && texts.symbolsText(symbols.diff),
  ];
  return parts.flatMap((lines) => (lines === undefined || lines.length === 0 ? [] : ["", ...lines])).slice(1);
}
