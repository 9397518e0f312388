import { crcText } from "../../symvers/symvers-file.js";
import { changeOf, type Part, type SymbolChange, type SymbolsDiff } from "../diff/kernel-diff.js";
import { maxPartBytes, takeFitting } from "./budget.js";
import { type Html, html } from "./html.js";
import { counted, grouped, leftOut, sectionEnd, sectionStart, unknownSection } from "./words.js";

const groups = [
  { change: "removed", title: "no longer exported" },
  { change: "changed", title: "with another version" },
  { change: "added", title: "newly exported" },
] as const;

/** The symbols whose versions differ: first those for which modules do not fit any more. */
export function* symbolsSection(part: Part<SymbolsDiff>): Generator<Html> {
  const [id, title] = ["symbols", "Exported symbols"];
  if (part.diff === undefined) return yield unknownSection(title, id, part.unknown);
  const { symbols, isComplete, same } = part.diff;
  yield sectionStart({ id, title, filterFor: "symbol or version", items: "tbody tr", canOpen: true });
  if (!isComplete.old || !isComplete.new) yield html`<p class="note">${completeness(part.diff)}</p>\n`;
  if (symbols.length === 0) yield html`<p>No version differs in ${counted(same, "symbol")}.</p>\n`;
  let bytes: number = maxPartBytes.symbols;
  for (const group of groups) {
    const changes = symbols.filter((symbol) => changeOf(symbol.old, symbol.new) === group.change);
    if (changes.length === 0) continue;
    const { shown, left } = takeFitting(changes.map(row), bytes);
    for (const { size } of shown) bytes -= size;
    const name = `${counted(changes.length, "symbol")} ${group.title}`;
    yield html`<details class="group"><summary><b>${grouped(changes.length)}</b> ${changes.length === 1 ? "symbol" : "symbols"} ${group.title}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table class="values">
<thead><tr><th scope="col">Symbol<th scope="col">Old<th scope="col">New</thead>
<tbody>\n`;
    yield* shown;
    yield html`</tbody></table></div>\n`;
    if (left > 0) yield leftOut(`${counted(left, "more symbol")} left out`, "--symbols");
    yield html`</details>\n`;
  }
  yield sectionEnd;
}

function completeness({ isComplete }: SymbolsDiff): string {
  if (isComplete.old === isComplete.new)
    return "Both lists have the symbols that modules of the kernel use, not all that it exports.";
  const side = isComplete.old ? "new" : "old";
  return `The list of the ${side} kernel has only the symbols that its modules use: only symbols in both lists are compared.`;
}

function row({ name, old, new: now }: SymbolChange): Html {
  return html`<tr><th>${name}<td>${versionText(old)}<td>${versionText(now)}\n`;
}

function versionText(crc: number | undefined): string {
  return crc === undefined ? "" : crcText(crc);
}
