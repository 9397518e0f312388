import type { ConfigDiff, OptionChange, Part } from "../diff/kernel-diff.js";
import { maxPartBytes, takeFitting } from "./budget.js";
import { type Html, html } from "./html.js";
import { counted, leftOut, sectionEnd, sectionStart, unknownSection } from "./words.js";

/** The options that differ, as a table. */
export function* configSection(part: Part<ConfigDiff>): Generator<Html> {
  const [id, title] = ["config", "Configuration"];
  if (part.diff === undefined) return yield unknownSection(title, id, part.unknown);
  const { options, from } = part.diff;
  yield sectionStart({ id, title, filterFor: "option or value", items: "tbody tr", canOpen: false });
  if (from.old === "headers" || from.new === "headers")
    yield html`<p class="note">${fromHeaders(from)} of the headers: only options that C code can see.</p>\n`;
  if (options.length === 0) yield html`<p>No option differs.</p>\n`;
  else {
    const { shown, left } = takeFitting(options.map(row), maxPartBytes.config);
    yield html`<div class="scroll" tabindex="0" role="region" aria-label="Options that differ"><table class="values">
<thead><tr><th scope="col">Option<th scope="col">Old<th scope="col">New</thead>
<tbody>\n`;
    yield* shown;
    yield html`</tbody></table></div>\n`;
    if (left > 0) yield leftOut(`${counted(left, "more option")} left out`, "--config");
  }
  yield sectionEnd;
}

function fromHeaders({ old, new: now }: ConfigDiff["from"]): string {
  if (old === now) return "Both configurations are taken from autoconf.h";
  return `The ${old === "headers" ? "old" : "new"} configuration is taken from autoconf.h`;
}

function row({ option, old, new: now }: OptionChange): Html {
  return html`<tr><th>${option}${value(old, "old")}${value(now, "new")}\n`;
}

function value(text: string | undefined, side: "old" | "new"): Html {
  return text === undefined ? html`<td class="unset">not set` : html`<td class="${side}">${text}`;
}
