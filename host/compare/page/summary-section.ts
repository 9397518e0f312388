import {
  type Change,
  type ChangeCounts,
  changeOf,
  countChanges,
  type KernelDiff,
  type KernelSide,
  type Part,
  type TypeChange,
} from "../diff/kernel-diff.js";
import { type Html, html } from "./html.js";
import { knownTypes } from "./types/known-types.js";
import { nameOf, sizes } from "./types/type-item.js";
import { grouped } from "./words.js";

/** Which kernels they are, and how much differs in each part. */
export function* summarySection(
  diff: KernelDiff,
  typeAnchors: ReadonlyMap<TypeChange, string>,
): Generator<Html> {
  yield html`<section id="summary" aria-labelledby="summary-title"><h2 id="summary-title" class="quiet">Summary</h2>
<div class="scroll" tabindex="0" role="region" aria-label="The kernels"><table class="facts">
<thead><tr><td><th scope="col">Old<th scope="col">New</thead>
<tbody>
${factRows(diff.old, diff.new)}</tbody></table></div>
<div class="scroll" tabindex="0" role="region" aria-label="What differs"><table class="counts">
<thead><tr><th scope="col">Part<th scope="col">Added<th scope="col">Removed<th scope="col">Changed<th scope="col">Same</thead>
<tbody>
${countRows(diff)}</tbody></table></div>
`;
  yield* knownChanges(diff, typeAnchors);
  yield html`</section>\n`;
}

function factRows(old: KernelSide, now: KernelSide): Html[] {
  const facts: readonly [string, (side: KernelSide) => string | undefined][] = [
    ["Named", ({ name, kernel }) => (name === kernel.release ? undefined : name)],
    ["Release", ({ kernel }) => kernel.release],
    ["Version", ({ kernel }) => kernel.version],
    ["Machine", ({ kernel }) => kernel.machine],
    ["Fingerprint", ({ kernel }) => kernel.fingerprint],
    ["Serial", ({ serial }) => serial],
    ["Build-id", ({ kernel }) => kernel.buildId],
    ["Headers", ({ digest }) => digest],
  ];
  return facts
    .map(([name, read]) => ({ name, old: read(old), new: read(now) }))
    .filter((fact) => fact.old !== undefined || fact.new !== undefined)
    .map((fact) => html`<tr><th>${fact.name}${cell(fact.old)}${cell(fact.new)}\n`);
}

function cell(text: string | undefined): Html {
  return text === undefined ? html`<td class="unset">unknown` : html`<td><code>${text}</code>`;
}

interface Counted {
  readonly counts: ChangeCounts;
  readonly same: number | undefined;
}

function countRows({ config, headers, types, symbols }: KernelDiff): Html[] {
  return [
    row("config", "Configuration options", config, ({ options }) => ({
      counts: countChanges(options.map((option) => changeOf(option.old, option.new))),
      same: undefined,
    })),
    row("headers", "Header files", headers, ({ files, same }) => ofChanges(files, same)),
    row("types", "Structs, unions and enums", types, (part) => ofChanges(part.types, part.same)),
    row("symbols", "Exported symbols", symbols, ({ counts, same }) => ({ counts, same })),
  ].filter((made) => made !== undefined);
}

function ofChanges(items: readonly { readonly change: Change }[], same: number): Counted {
  return { counts: countChanges(items.map(({ change }) => change)), same };
}

function row<T extends object>(
  id: string,
  title: string,
  part: Part<T> | undefined,
  count: (diff: T) => Counted,
): Html | undefined {
  if (part === undefined) return undefined;
  const head = html`<tr><th><a href="#${id}">${title}</a>`;
  if (part.diff === undefined) return html`${head}<td colspan="4" class="unset">not compared\n`;
  const { counts, same } = count(part.diff);
  const cells = (["added", "removed", "changed"] as const).map(
    (change) => html`<td class="${counts[change] === 0 ? "zero" : change}">${grouped(counts[change])}`,
  );
  return html`${head}${cells}<td>${same === undefined ? "" : grouped(same)}\n`;
}

/** Types that changed and that many programs read. */
function* knownChanges({ types }: KernelDiff, anchors: ReadonlyMap<TypeChange, string>): Generator<Html> {
  const known = (types?.diff?.types ?? []).filter(
    ({ name, change }) => change === "changed" && knownTypes.has(name),
  );
  if (known.length === 0) return;
  yield html`<h3>Changed types that many programs read</h3>\n<ul class="known">\n`;
  for (const type of known)
    yield html`<li><a href="#${anchors.get(type)}"><code>${nameOf(type)}</code></a> <span class="size">${sizes(type)}</span>\n`;
  yield html`</ul>\n`;
}
