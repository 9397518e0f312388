import type { Block, Hunk } from "../../text/hunks.js";
import { Html, html, lineHtml } from "../html.js";

/** Lines of one kernel in a piece: large hunks are divided, so that a part of them can be left out. */
const maxLines = 24;

/** Hunks as two columns, old and new: equal lines beside each other. A long hunk is divided into several pieces. */
export function piecesOf(hunks: readonly Hunk[]): Html[] {
  return hunks
    .flatMap(divided)
    .map((hunk) => html`<div class="hunk">${column(hunk, "old")}${column(hunk, "new")}</div>\n`);
}

function column({ oldStart, newStart, blocks }: Hunk, side: "old" | "new"): Html {
  const start = side === "old" ? oldStart : newStart;
  // A line break right after the tag is not part of the text.
  return html`<pre aria-label="${side}, from line ${start}"><i>${start}</i>${blocks.map((block) => lines(block, side))}</pre>`;
}

/** The lines of one side, and empty ones beside those that the other side has more. */
function lines(block: Block, side: "old" | "new"): Html {
  const own = block[side];
  if (block.isSame) return new Html(`<span>${own.map((line) => ` ${lineHtml(line)}\n`).join("")}</span>`);
  const [tag, sign] = side === "old" ? ["del", "-"] : ["ins", "+"];
  const written = own.map((line) => `${sign}${lineHtml(line)}\n`).join("");
  const missing = Math.max(block.old.length, block.new.length) - own.length;
  const pad = missing > 0 ? `<s>${"\n".repeat(missing)}</s>` : "";
  return new Html(`${written === "" ? "" : `<${tag}>${written}</${tag}>`}${pad}`);
}

/** Divides a hunk whose blocks have too many lines, so that something differs in each part. */
function divided(hunk: Hunk): Hunk[] {
  const pieces: Hunk[] = [];
  let [oldStart, newStart] = [hunk.oldStart, hunk.newStart];
  let blocks: Block[] = [];
  let [oldCount, newCount] = [0, 0];
  const end = () => {
    if (blocks.length > 0) pieces.push({ oldStart, newStart, blocks });
    [oldStart, newStart] = [oldStart + oldCount, newStart + newCount];
    [blocks, oldCount, newCount] = [[], 0, 0];
  };
  for (const block of hunk.blocks.flatMap(dividedBlock)) {
    const rows = Math.max(block.old.length, block.new.length);
    const isFull = Math.max(oldCount, newCount) + rows > maxLines;
    if (isFull && blocks.some(({ isSame }) => !isSame)) end();
    blocks.push(block);
    oldCount += block.old.length;
    newCount += block.new.length;
  }
  end();
  return pieces;
}

function dividedBlock({ isSame, old, new: now }: Block): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < Math.max(old.length, now.length); at += maxLines)
    blocks.push({ isSame, old: old.slice(at, at + maxLines), new: now.slice(at, at + maxLines) });
  return blocks;
}
