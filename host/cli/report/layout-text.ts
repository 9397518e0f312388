import { printable } from "../../../shared/printable.js";
import type { Gap } from "../../compare/layout/gaps.js";
import type { Body, Layout, LayoutMember } from "../../compare/layout/layout.js";

/** A cache line of nearly all processors that Android runs on. */
const cacheLine = 64;
const tab = 8;
/** Columns of a type, and of a whole declaration, at the first level: those of pahole. */
const typeWidth = 26;
const declarationWidth = 48;

/** A struct as C declares it, with offsets, sizes, holes and cache lines, in the form of `pahole -C`. */
export function layoutText(layout: Layout): string[] {
  return new Writer().struct(layout);
}

class Writer {
  readonly #lines: string[] = [];

  struct(layout: Layout): string[] {
    const { typedef } = layout;
    this.#lines.push(`${typedef === undefined ? "" : "typedef "}${headOf(layout)} {`);
    this.#members(layout, 1, 0);
    this.#lines.push("", ...summaryOf(layout).map((text) => `\t/* ${text} */`));
    this.#lines.push(typedef === undefined ? "};" : `} ${printable(typedef)};`);
    return this.#lines;
  }

  /** @param begun The cache line that was last said to begin. */
  #members(body: Body, depth: number, begun: number): void {
    let line = begun;
    for (const member of body.members) {
      this.#gap(member.hole, depth);
      line = this.#boundary(member.offset, depth, line);
      this.#member(member, depth, line);
      if (member.padding > 0 && body.kind === "struct")
        this.#notes(depth, [`last struct has ${plural(member.padding, "byte")} of padding`]);
    }
  }

  #member(member: LayoutMember, depth: number, line: number): void {
    const { body, declaration } = member;
    const { type, declarator } = declaration;
    if (body === undefined) {
      const text = printable(type, 512).padEnd(Math.max(0, typeWidth - tab * (depth - 1)));
      this.#row(depth, `${text} ${printable(declarator, 512)};`, member);
      return;
    }
    this.#lines.push(`${"\t".repeat(depth)}${headOfMember(type, body)} {`);
    this.#members(body, depth + 1, line);
    this.#row(depth, `}${declarator === "" ? "" : ` ${printable(declarator, 512)}`};`, member);
  }

  #row(depth: number, text: string, { offset, size, bits }: LayoutMember): void {
    const declaration = text.padEnd(Math.max(0, declarationWidth - tab * (depth - 1)));
    const bit = bits === undefined ? "" : `:${number(bits.offset, 2)}`;
    const place = `${number(offset, 5)}${bit} ${number(size, bits === undefined ? 5 : 2)}`;
    this.#lines.push(`${"\t".repeat(depth)}${declaration} /* ${place} */`);
  }

  #gap(gap: Gap | undefined, depth: number): void {
    if (gap === undefined) return;
    const notes = [];
    if (gap.bits > 0) notes.push(`${plural(gap.bits, "bit")} hole, try to pack`);
    if (gap.bytes > 0) notes.push(`${plural(gap.bytes, "byte")} hole, try to pack`);
    this.#notes(depth, notes);
  }

  #notes(depth: number, notes: readonly string[]): void {
    if (this.#lines.at(-1) !== "") this.#lines.push("");
    this.#lines.push(...notes.map((note) => `${"\t".repeat(depth)}/* XXX ${note} */`), "");
  }

  #boundary(offset: number, depth: number, begun: number): number {
    const line = Math.floor(offset / cacheLine);
    if (line <= begun) return begun;
    const ago = offset - line * cacheLine;
    const past = ago === 0 ? "" : ` was ${plural(ago, "byte")} ago`;
    this.#lines.push(
      `${"\t".repeat(depth)}/* --- cacheline ${line} boundary (${line * cacheLine} bytes)${past} --- */`,
    );
    return line;
  }
}

function headOf({ kind, name }: Body): string {
  return name === "" ? kind : `${kind} ${printable(name, 512)}`;
}

/** The type of a member whose members follow: `const struct`, `struct hlist_node`, and for a typedef what it stands for. */
function headOfMember(type: string, body: Body): string {
  const name = printable(type, 512).replace(/ \{\.\.\.\}$/, "");
  const head = headOf(body);
  return name.endsWith(head) ? name : `/* typedef ${name} */ ${head}`;
}

/** What pahole sums up below the members. */
function summaryOf({ kind, size, members, padding }: Layout): string[] {
  const lines = [`size: ${size}, cachelines: ${Math.ceil(size / cacheLine)}, members: ${members.length}`];
  if (kind === "struct") lines.push(...roomOf(members, padding));
  const paddings = members.map((member) => member.padding).filter((bytes) => bytes > 0);
  if (kind === "struct" && paddings.length > 0)
    lines.push(`paddings: ${paddings.length}, sum paddings: ${sum(paddings)}`);
  const last = size % cacheLine;
  if (last > 0) lines.push(`last cacheline: ${plural(last, "byte")}`);
  return lines;
}

function roomOf(members: readonly LayoutMember[], padding: Gap | undefined): string[] {
  const lines: string[] = [];
  const holes = members.flatMap(({ hole }) => hole ?? []);
  const bytes = holes.map((hole) => hole.bytes).filter((count) => count > 0);
  const bits = holes.map((hole) => hole.bits).filter((count) => count > 0);
  if (holes.length > 0) {
    const whole = sum(members.map((member) => (member.bits === undefined ? member.size : 0)));
    const room = bytes.length === 0 ? "" : `, holes: ${bytes.length}, sum holes: ${sum(bytes)}`;
    lines.push(`sum members: ${whole}${room}`);
    const fields = sum(members.map((member) => member.bits?.size ?? 0));
    const bitRoom = bits.length === 0 ? "" : `, bit holes: ${bits.length}, sum bit holes: ${sum(bits)} bits`;
    if (fields > 0) lines.push(`sum bitfield members: ${plural(fields, "bit")}${bitRoom}`);
  }
  if (padding !== undefined && padding.bytes > 0) lines.push(`padding: ${padding.bytes}`);
  if (padding !== undefined && padding.bits > 0) lines.push(`bit_padding: ${plural(padding.bits, "bit")}`);
  return lines;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function number(value: number, width: number): string {
  return String(value).padStart(width);
}
