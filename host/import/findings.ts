import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { KernelFileContents } from "../formats/contents.js";
import type { KernelTree, SourceTree } from "./trees/kernel-tree.js";

/** Something that was found, and where. */
export type Finding = { readonly from: string } & (
  | { readonly kind: "kernel file"; readonly contents: KernelFileContents }
  | { readonly kind: "tree"; readonly tree: KernelTree }
  | { readonly kind: "source tree"; readonly tree: SourceTree }
  | { readonly kind: "configuration"; readonly text: string }
  | { readonly kind: "Module.symvers"; readonly text: string }
  | { readonly kind: "release"; readonly release: string }
);

/** A fact of a kernel, and where it was found. */
export interface Fact<T> {
  readonly value: T;
  readonly from: string;
}

/** The machines that are spelled one way: a 32-bit ELF file does not say which of several `uname -m` gives. */
const plainMachines: ReadonlySet<string> = new Set(["x86_64", "aarch64", "riscv64"]);

/** What was found of one kind of fact of kernel files. */
export function factsOf<K extends "release" | "version" | "buildId" | "archive" | "config" | "btf">(
  findings: readonly Finding[],
  what: K,
): Fact<NonNullable<KernelFileContents[K]>>[] {
  return findings.flatMap((finding) => {
    if (finding.kind !== "kernel file") return [];
    const value = finding.contents[what];
    return value === undefined ? [] : [{ value, from: finding.from }];
  });
}

/** Texts of one kind. */
export function textsOf(
  findings: readonly Finding[],
  kind: "configuration" | "Module.symvers",
): Fact<string>[] {
  return findings.flatMap((finding) =>
    finding.kind === kind && "text" in finding ? [{ value: finding.text, from: finding.from }] : [],
  );
}

/** The releases that are known before the headers are unpacked. */
export function releasesOf(findings: readonly Finding[]): Fact<string>[] {
  const told = findings.flatMap((finding) =>
    finding.kind === "release" ? [{ value: finding.release, from: finding.from }] : [],
  );
  return [...factsOf(findings, "release"), ...told];
}

/** The machines, as `uname -m`. */
export function machinesOf(findings: readonly Finding[]): Fact<string>[] {
  return findings.flatMap((finding) => {
    const machine = finding.kind === "kernel file" ? finding.contents.machine : undefined;
    return machine !== undefined && plainMachines.has(machine)
      ? [{ value: machine, from: finding.from }]
      : [];
  });
}

/** The one fact that all sources agree on; undefined if none tells it. Throws `archive-mismatch` if two differ. */
export function agreed(what: string, facts: readonly Fact<string>[]): Fact<string> | undefined {
  const [first] = facts;
  const other = facts.find(({ value }) => value !== first?.value);
  if (first !== undefined && other !== undefined) throw contradiction(what, first, other);
  return first;
}

/** The error for sources of two kernels: `archive-mismatch`. */
export function contradiction(what: string, one: Fact<string>, other: Fact<string>): KheadersError {
  const says = ({ value, from }: Fact<string>) => `${printable(value)} in ${printable(from, 400)}`;
  return new KheadersError(
    "archive-mismatch",
    `the sources are of different kernels: the ${what} is ${says(one)}, and ${says(other)}`,
    { hint: "Give the files of one kernel. Nothing was imported." },
  );
}
