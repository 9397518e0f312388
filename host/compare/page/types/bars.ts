import type { TypeDetails } from "../../diff/kernel-diff.js";
import { type Html, html } from "../html.js";
import { grouped } from "../words.js";
import { type Segment, segmentsOf } from "./segments.js";

/** Units of the drawing. */
const drawing = { width: 960, left: 34, height: 86, bar: 24, oldTop: 2, newTop: 60 } as const;
/** A letter of a label is about as wide, and a bar that is narrower than this has no label. */
const letterWidth = 6.2;
/** A struct with more parts is not drawn: each would be thinner than a line. */
const maxSegments = 400;

/**
 * A struct as two bars to scale, the old one over the new one; a slope leads from where members were to where they are.
 *
 * @returns undefined for what cannot be drawn so: an enum, a union, one without members.
 */
export function barsOf(name: string, details: TypeDetails): Html | undefined {
  const [old, now] = [segmentsOf(details, "old"), segmentsOf(details, "new")];
  const bytes = Math.max(details.old?.size ?? 0, details.new?.size ?? 0);
  if (bytes === 0 || old.length === 0 || now.length === 0) return undefined;
  if (old.length + now.length > maxSegments) return undefined;
  const scale = new Scale(bytes * 8);
  return html`<svg viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" aria-label="Members of ${name} by offset, old over new">
${slopes(old, scale)}${bar("old", details.old?.size ?? 0, old, scale)}${bar("new", details.new?.size ?? 0, now, scale)}</svg>\n`;
}

/** Bits to units of the drawing. */
class Scale {
  readonly #perBit: number;

  constructor(bits: number) {
    this.#perBit = (drawing.width - drawing.left) / bits;
  }

  x(bits: number): number {
    return Math.round((drawing.left + Math.min(bits * this.#perBit, drawing.width)) * 10) / 10;
  }

  width({ start, end }: Pick<Segment, "start" | "end">): number {
    return Math.max(1, Math.round((this.x(end) - this.x(start)) * 10) / 10);
  }
}

function bar(side: "old" | "new", size: number, segments: readonly Segment[], scale: Scale): Html {
  const top = side === "old" ? drawing.oldTop : drawing.newTop;
  const whole = { start: 0, end: size * 8 };
  const middle = top + drawing.bar / 2 + 4;
  return html`<text class="side" x="0" y="${middle}">${side}</text><rect class="hole" x="${scale.x(0)}" y="${top}" width="${scale.width(whole)}" height="${drawing.bar}"/>
${segments.map((segment) => part(segment, top, middle, scale))}`;
}

function part(segment: Segment, top: number, middle: number, scale: Scale): Html {
  const width = scale.width(segment);
  const x = scale.x(segment.start);
  const label = labelOf(segment);
  const title = segment.state === "same" ? undefined : html`<title>${titleOf(segment)}</title>`;
  const text =
    label.length * letterWidth < width - 6
      ? html`<text class="on-${segment.state}" x="${x + 4}" y="${middle}">${label}</text>`
      : undefined;
  return html`<rect class="${segment.state}" x="${x}" y="${top}" width="${width}" height="${drawing.bar}">${title}</rect>${text}\n`;
}

function labelOf({ first, members }: Segment): string {
  return members === 1 ? first : `${members} members`;
}

function titleOf({ first, last, members, state, delta, start }: Segment): string {
  const who = members === 1 ? first : `${first} … ${last} (${members} members)`;
  const what = state === "moved" ? movedBy(delta) : state;
  return `${who}: ${what}, at ${offsetText(start)}`;
}

/** Where the old bar's moved parts went. */
function slopes(old: readonly Segment[], scale: Scale): Html[] {
  const [top, bottom] = [drawing.oldTop + drawing.bar, drawing.newTop];
  return old
    .filter(({ state }) => state === "moved")
    .map(({ start, end, delta }) => {
      const [left, right] = [scale.x(start + delta), scale.x(end + delta)];
      return html`<path class="slope" d="M${scale.x(start)} ${top}H${scale.x(end)}L${right} ${bottom}H${left}Z"/>\n`;
    });
}

/** An offset as bytes, and the bit in the byte if it does not begin there: `12`, `12:3`. */
export function offsetText(bits: number): string {
  const bit = bits % 8;
  return `${grouped(Math.floor(bits / 8))}${bit === 0 ? "" : `:${bit}`}`;
}

/** How far members moved: `moved by +8 bytes`. */
export function movedBy(bits: number): string {
  const sign = bits < 0 ? "−" : "+";
  const size = Math.abs(bits);
  if (size % 8 !== 0) return `moved by ${sign}${grouped(size)} ${size === 1 ? "bit" : "bits"}`;
  return `moved by ${sign}${grouped(size / 8)} ${size === 8 ? "byte" : "bytes"}`;
}
