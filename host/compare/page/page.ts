import { createHash } from "node:crypto";
import type { KernelDiff, KernelSide, TypeChange } from "../diff/kernel-diff.js";
import { Anchors } from "./anchors.js";
import script from "./assets/page.client.js";
import style from "./assets/page.css";
import { configSection } from "./config-section.js";
import { headersSection } from "./headers/headers-section.js";
import { Html, html } from "./html.js";
import { summarySection } from "./summary-section.js";
import { symbolsSection } from "./symbols-section.js";
import { typesSection } from "./types/types-section.js";

/** Text is given in pieces of at least as many UTF-16 code units. */
const minChunk = 64 * 1024;

/**
 * The differences of two kernels as one HTML page that needs nothing else: no network, and no scripts but for the filters.
 * It stays below 5 MB; what is left out for that is said in it.
 *
 * @returns The text of the page, piece by piece. The trees of both kernels are read meanwhile.
 */
export function* pageOf(diff: KernelDiff): Generator<string> {
  let text = "";
  for (const piece of pieces(diff)) {
    text += piece.text;
    if (text.length < minChunk) continue;
    yield text;
    text = "";
  }
  yield text;
}

function* pieces(diff: KernelDiff): Generator<Html> {
  const anchors = new Anchors();
  const typeAnchors = new Map<TypeChange, string>();
  for (const type of diff.types?.diff?.types ?? []) typeAnchors.set(type, anchors.of(type.kind, type.name));
  yield head(diff);
  yield* summarySection(diff, typeAnchors);
  if (diff.config !== undefined) yield* configSection(diff.config);
  if (diff.headers !== undefined) yield* headersSection(diff.headers, diff, anchors);
  if (diff.types !== undefined) yield* typesSection(diff.types, typeAnchors);
  if (diff.symbols !== undefined) yield* symbolsSection(diff.symbols);
  yield html`</main>\n<script>${new Html(script)}</script>\n</body>\n</html>\n`;
}

function head(diff: KernelDiff): Html {
  const { old, new: now } = diff;
  const title = `${titleOf(old)} → ${titleOf(now)}`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#summary">Skip to the summary</a>
<header><p>kheaders diff</p><h1><code>${titleOf(old)}</code> <span class="to">→</span> <code>${titleOf(now)}</code></h1></header>
<nav aria-label="Parts"><a href="#summary">Summary</a>${links(diff)}</nav>
<main>
`;
}

function titleOf({ kernel, name }: KernelSide): string {
  return kernel.release === "" ? name : kernel.release;
}

function links({ config, headers, types, symbols }: KernelDiff): Html[] {
  return [
    { id: "config", title: "Configuration", part: config },
    { id: "headers", title: "Headers", part: headers },
    { id: "types", title: "Types", part: types },
    { id: "symbols", title: "Symbols", part: symbols },
  ].flatMap(({ id, title, part }) => (part === undefined ? [] : [html` <a href="#${id}">${title}</a>`]));
}

/** Content Security Policy Level 3: nothing but the page's own style and script, each by its hash. */
function policy(): string {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
