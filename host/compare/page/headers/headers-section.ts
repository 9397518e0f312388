import type { FileChange, HeadersDiff, KernelDiff } from "../../diff/kernel-diff.js";
import { readHeader } from "../../diff/read-header.js";
import type { Anchors } from "../anchors.js";
import { fairShare, fittingCount, maxPartBytes } from "../budget.js";
import { type Html, html } from "../html.js";
import {
  changeTag,
  counted,
  countTags,
  grouped,
  leftOut,
  sectionEnd,
  sectionStart,
  unknownSection,
} from "../words.js";
import { type FileDifferences, fileDifferences } from "./file-differences.js";
import { type Folder, foldersOf } from "./folders.js";

type Sides = Pick<KernelDiff, "old" | "new">;

/** The header files that differ, as a tree of folders, with what differs in each. */
export function* headersSection(
  part: NonNullable<KernelDiff["headers"]>,
  sides: Sides,
  anchors: Anchors,
): Generator<Html> {
  const [id, title] = ["headers", "Headers"];
  if (part.diff === undefined) return yield unknownSection(title, id, part.unknown);
  yield sectionStart({ id, title, filterFor: "part of a path", items: ".file", canOpen: true });
  if (part.diff.files.length === 0) yield html`<p>All ${counted(part.diff.same, "file")} are the same.</p>\n`;
  else yield* new HeadersTree(part.diff, sides, anchors).pieces();
  yield sectionEnd;
}

class HeadersTree {
  readonly #files: readonly FileChange[];
  readonly #left: number;
  readonly #differences: ReadonlyMap<FileChange, FileDifferences>;
  readonly #share: number;
  readonly #anchors: Anchors;

  constructor({ files }: HeadersDiff, sides: Sides, anchors: Anchors) {
    this.#files = fittingFiles(files);
    this.#left = files.length - this.#files.length;
    this.#differences = compareFiles(this.#files, sides);
    this.#share = fairShare([...this.#differences.values()].map(sizesOf), maxPartBytes.hunks);
    this.#anchors = anchors;
  }

  *pieces(): Generator<Html> {
    const cut = [...this.#differences.values()].filter((differences) => this.#shown(differences).left > 0);
    if (cut.length > 0)
      yield html`<p class="cut">Of ${counted(cut.length, "file")} with many differences only the first or none are shown, to keep this page small. <code>kheaders diff --patch</code> prints all.</p>\n`;
    yield* this.#folder(foldersOf(this.#files), true);
    if (this.#left > 0) yield leftOut(`${counted(this.#left, "more file")} left out`, "--headers");
  }

  *#folder({ folders, files }: Folder, isTop: boolean): Generator<Html> {
    yield html`<ul class="tree">\n`;
    for (const folder of folders) {
      const open = isTop ? html` open` : undefined;
      yield html`<li class="folder"><details${open}><summary><code>${folder.name}/</code>${countTags(folder.counts)}</summary>\n`;
      yield* this.#folder(folder, false);
      yield html`</details>\n`;
    }
    for (const file of files) yield this.#file(file);
    yield html`</ul>\n`;
  }

  #file(file: FileChange): Html {
    const name = nameOf(file.path);
    const id = this.#anchors.of("file", file.path);
    const differences = this.#differences.get(file);
    if (differences === undefined) {
      const why = file.change === "changed" ? " and too large to compare" : undefined;
      return html`<li class="file" id="${id}"><code>${name}</code> ${changeTag(file.change)}${why}\n`;
    }
    const line = html`<code>${name}</code>${lineCounts(differences)}`;
    const { pieces, left } = this.#shown(differences);
    if (pieces.length === 0) return html`<li class="file" id="${id}">${line}\n`;
    const cut = left > 0 ? html`<p class="cut">${counted(left, "more difference")} left out.</p>` : undefined;
    return html`<li class="file" id="${id}"><details><summary>${line}</summary>
<div class="scroll diff" tabindex="0" role="region" aria-label="${name}">
${pieces}</div>${cut}</details>\n`;
  }

  #shown(differences: FileDifferences): Pick<FileDifferences, "pieces" | "left"> {
    const { pieces, left } = differences;
    const count = fittingCount(sizesOf(differences), this.#share);
    return { pieces: pieces.slice(0, count), left: left + pieces.length - count };
  }
}

function lineCounts({ added, removed }: FileDifferences): Html[] {
  return [
    ...(added > 0 ? [html` <b>+${grouped(added)}</b>`] : []),
    ...(removed > 0 ? [html` <i>−${grouped(removed)}</i>`] : []),
  ];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function sizesOf({ pieces }: FileDifferences): number[] {
  return pieces.map(({ size }) => size);
}

/** Bytes of tags and attributes: of a file that changed, of another one, and of a folder. */
const frames = { changed: 225, other: 110, folder: 230 } as const;

/** The first files that fit, without what differs in them. */
function fittingFiles(files: readonly FileChange[]): readonly FileChange[] {
  let [size, before] = [0, ""];
  return files.filter(({ path, change }) => {
    const folders = path.split("/").length - 1;
    size += change === "changed" ? frames.changed : frames.other;
    size += html`${path}`.size + 2 * html`${nameOf(path)}`.size;
    size += frames.folder * (folders - sharedFolders(before, path));
    before = path;
    return size <= maxPartBytes.files;
  });
}

/** How many folders two paths have in common. */
function sharedFolders(one: string, other: string): number {
  const [names, others] = [one.split("/"), other.split("/")];
  const end = names.findIndex((name, index) => name !== others[index]);
  return Math.min(end < 0 ? names.length : end, names.length - 1);
}

function compareFiles(
  files: readonly FileChange[],
  { old, new: now }: Sides,
): Map<FileChange, FileDifferences> {
  const found = new Map<FileChange, FileDifferences>();
  for (const file of files) {
    if (file.change !== "changed") continue;
    const [before, after] = [readHeader(old.tree, file.path), readHeader(now.tree, file.path)];
    if (before === undefined || after === undefined) continue;
    const differences = fileDifferences(before, after);
    if (differences !== undefined) found.set(file, differences);
  }
  return found;
}
