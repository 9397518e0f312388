import { type Dirent, lstatSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { errnoOf, KheadersError, reasonOf } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { formatOf } from "../archive/formats.js";
import { type FileSource, fileSource, maxReadBytes } from "../formats/byte-source.js";
import { compressionOf } from "../formats/compression/compression.js";
import { overFileLimit } from "../formats/errors.js";
import { readKernelFile } from "../formats/kernel-file.js";
import { type Container, compressedTar, containerOf, headBytes } from "./containers/container.js";
import { isTar } from "./containers/tar.js";
import type { Finding } from "./findings.js";
import { importLimits } from "./limits.js";
import { isHtml, mayBeKernelText, readKernelText } from "./texts.js";
import { isKernelTree, isSourceTree } from "./trees/kernel-tree.js";

/** A compressed configuration has 50 KB. */
const maxCompressedText = 1024 * 1024;

/** The first header of a tar archive. */
const tarHeaderBytes = 512;

/** What opening takes. */
export interface OpenOptions {
  /** A folder for what is taken out; the caller removes it. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Called with what is opened, and what it is. */
  readonly onOpen: (name: string, form: string) => void;
}

/** A file or a folder to look at. */
interface Place {
  readonly path: string;
  /** As the user knows it: `boot-img.tar.gz: boot.img`. */
  readonly name: string;
  /** The containers that it was in. */
  readonly depth: number;
  /** The folders that it was in, of this container. */
  readonly folders: number;
}

/** Compressions in which a tar archive or a text may be. */
const compressions: ReadonlySet<string> = new Set(["gzip", "xz", "zstd", "bzip2", "lz4", "LZMA"]);

/** Errors of a file among others that do not end the search: another may be good. */
const skippedErrors: ReadonlySet<string> = new Set(["file-corrupt", "file-refused", "tool-missing"]);

/** The system's errors for a file that we may not read, or that is gone. */
const unreadable: ReadonlySet<string> = new Set(["EACCES", "EPERM", "ENOENT"]);

/**
 * Opens what the user named, and what is in it in turn, and finds what it holds of a kernel. All is recognised by its
 * content. What was found may be read until `close`.
 */
export class Opener {
  readonly findings: Finding[] = [];
  /** Files among others that could not be opened, and why. */
  readonly problems: KheadersError[] = [];
  readonly #options: OpenOptions;
  readonly #open: { close(): void }[] = [];
  #containers = 0;
  #members = 0;
  #kernelFiles = 0;
  #textBytes = 0;
  #ending: KheadersError | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  /** Opens a source. Throws `file-corrupt`, `file-refused`, `tool-missing`, `usage`, or the system's error. */
  async open(file: string, name: string): Promise<void> {
    const place = { path: file, name, depth: 0, folders: 0 };
    if (isFolder(file, name)) {
      await this.#folder(place);
      return;
    }
    try {
      if (!(await this.#file(place))) throw unknownFile(file);
    } catch (error) {
      throw aboutFile(error, name) ?? error;
    }
  }

  close(): void {
    for (const each of this.#open.splice(0)) each.close();
  }

  /** Looks at a folder: it is a kernel's tree, or may hold anything. */
  async #folder(place: Place): Promise<void> {
    if (isKernelTree(place.path)) {
      const { path: folder, name: from, depth } = place;
      this.findings.push({ kind: "tree", from, tree: { folder, from, isExtracted: depth > 0 } });
      await this.#inFolder(place, (entry) => besideTree.has(entry));
    } else if (isSourceTree(place.path)) {
      this.findings.push({
        kind: "source tree",
        from: place.name,
        tree: { folder: place.path, from: place.name },
      });
    } else await this.#inFolder(place, () => true);
  }

  async #inFolder(place: Place, isWanted: (name: string) => boolean): Promise<void> {
    if (place.folders > importLimits.folders)
      throw overFileLimit("the depth of its folders", importLimits.folders, "folders");
    for (const entry of this.#entriesIn(place)) {
      this.#options.signal.throwIfAborted();
      this.#members += 1;
      if (this.#members > importLimits.members)
        throw this.#over("what is in it", importLimits.members, "files");
      // No file of a kernel has a name that is not UTF-8, and by its text it could not be opened.
      if (!isWanted(entry.name) || entry.name.includes("\ufffd")) continue;
      const member = {
        path: path.join(place.path, entry.name),
        name: nested(place, entry.name),
        depth: place.depth,
        folders: place.folders + 1,
      };
      // Links are not followed: what they lead to is looked at where it lies.
      if (entry.isDirectory()) await this.#folder(member);
      else if (entry.isFile()) await this.#skipping(() => this.#file(member), member);
    }
  }

  /** What is in a folder. One among others that may not be read is noted, as a file is. */
  #entriesIn(place: Place): Dirent[] {
    try {
      return readdirSync(place.path, { withFileTypes: true }).sort(byName);
    } catch (error) {
      const about = aboutFile(error, place.name);
      if (about === undefined || place.folders === 0) throw about ?? error;
      this.problems.push(about);
      return [];
    }
  }

  /** Notes the error of one file among others, and goes on. */
  async #skipping(work: () => Promise<unknown>, { name }: Place): Promise<void> {
    try {
      await work();
    } catch (error) {
      const about = aboutFile(error, name);
      if (about === undefined || error === this.#ending) throw error;
      this.problems.push(about);
    }
  }

  /** @returns whether it is anything known. */
  async #file(place: Place): Promise<boolean> {
    const source = fileSource(place.path);
    let isKept = false;
    try {
      const head = source.read(0, Math.min(headBytes, source.size));
      const container = containerOf(head);
      if (container !== undefined) return await this.#contained(place, container);
      if (mayBeKernelText(head)) return this.#text(source, place);
      const contents = await readKernelFile(source, this.#options);
      if (contents !== undefined) {
        this.#kernelFiles += 1;
        if (this.#kernelFiles > importLimits.kernelFiles) {
          contents.close();
          throw this.#over("what is in it", importLimits.kernelFiles, "files of kernels");
        }
        isKept = true;
        this.#open.push(contents, source);
        this.#options.onOpen(place.name, contents.formats.join(", "));
        this.findings.push({ kind: "kernel file", from: place.name, contents });
        return true;
      }
      if (!compressions.has(formatOf(head) ?? "")) return false;
      return this.#compressedText(source, place) || (await this.#compressedTar(source, place, head));
    } finally {
      if (!isKept) source.close();
    }
  }

  /** Opens a compressed tar archive; false if it is something else that is compressed. */
  async #compressedTar(source: FileSource, place: Place, head: Uint8Array): Promise<boolean> {
    const start = await startOf(source, this.#options.signal);
    if (start !== undefined && !isTar(start)) return false;
    return this.#contained(place, compressedTar(head));
  }

  async #contained(place: Place, container: Container): Promise<boolean> {
    this.#containers += 1;
    const { depth, containers } = importLimits;
    if (place.depth >= depth) throw overFileLimit("the depth of its nested forms", depth, "forms");
    if (this.#containers > containers) throw this.#over("what is in it", containers, "containers");
    this.#options.onOpen(place.name, container.name);
    const folder = path.join(this.#options.scratch, `opened-${this.#containers}`);
    const { scratch, signal } = this.#options;
    const taken = await container.open(place.path, folder, { measured: scratch, signal });
    const inside = { path: taken, name: place.name, depth: place.depth + 1, folders: 0 };
    if (lstatSync(inside.path).isDirectory()) await this.#folder(inside);
    else await this.#file(inside);
    return true;
  }

  /** The error for more than all sources together may have: it ends the search, wherever it happens. */
  #over(what: string, limit: number, unit: string): KheadersError {
    this.#ending = overFileLimit(what, limit, unit);
    return this.#ending;
  }

  #text(source: FileSource, place: Place): boolean {
    if (source.size > importLimits.textBytes || source.size > maxReadBytes) return false;
    return this.#keepText(Buffer.from(source.read(0, source.size)).toString(), place);
  }

  /** A configuration as `/proc/config.gz` gives it. */
  #compressedText(source: FileSource, place: Place): boolean {
    if (source.size > maxCompressedText) return false;
    const text = unpackedText(source);
    return (
      text !== undefined &&
      mayBeKernelText(text.subarray(0, headBytes)) &&
      this.#keepText(text.toString(), place)
    );
  }

  #keepText(text: string, { name: from }: Place): boolean {
    const known = readKernelText(text);
    if (known === undefined) return false;
    this.#textBytes += text.length;
    if (this.#textBytes > importLimits.allTextBytes)
      throw this.#over("all texts in it", importLimits.allTextBytes, "bytes");
    if (known.kind === "info") this.findings.push({ kind: "release", from, release: known.release });
    else {
      const kind = known.kind === "config" ? "configuration" : "Module.symvers";
      this.findings.push({ kind, from, text: known.text });
    }
    return true;
  }
}

/** What belongs to the kernel of a tree and lies right in it. */
const besideTree: ReadonlySet<string> = new Set([".config", "Module.symvers", "vmlinux"]);

function nested(place: Place, name: string): string {
  const isOpened = place.depth > 0 && !place.name.includes(": ");
  return isOpened ? `${place.name}: ${name}` : `${place.name}/${name}`;
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

/** The error of a file, with its name; undefined for an error that is not about the file. */
function aboutFile(error: unknown, name: string): KheadersError | undefined {
  if (unreadable.has(errnoOf(error) ?? ""))
    return new KheadersError("file-refused", `${printable(name, 400)}: ${reasonOf(error)}`, { cause: error });
  if (!(error instanceof KheadersError) || !skippedErrors.has(error.code)) return undefined;
  const { code, message, hint } = error;
  return new KheadersError(code, `${printable(name, 400)}: ${message}`, { hint, cause: error });
}

function isFolder(file: string, name: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined) return stat.isDirectory();
  throw new KheadersError("usage", `${printable(name, 400)} does not exist`, {
    hint: "A SOURCE is a file, a folder, or an https:// address.",
  });
}

/** What a small compressed text holds; undefined if it is not gzip, or is too long: it is opened as something else. */
function unpackedText(source: FileSource): Buffer | undefined {
  try {
    return gunzipSync(source.read(0, source.size), { maxOutputLength: importLimits.textBytes });
  } catch {
    return undefined;
  }
}

/** How what is compressed begins; undefined if that is not known without a program, or it is damaged. */
async function startOf(source: FileSource, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const chunks = compressionOf(source)?.decompress(source, signal);
  let start = Buffer.alloc(0);
  try {
    for await (const chunk of chunks ?? []) {
      start = Buffer.concat([start, chunk]);
      if (start.length >= tarHeaderBytes) return start;
    }
    return chunks && start;
  } catch (error) {
    if (error instanceof KheadersError && error.code === "file-corrupt") return undefined;
    throw error;
  }
}

function unknownFile(file: string): KheadersError {
  const source = fileSource(file);
  try {
    const head = source.read(0, Math.min(headBytes, source.size));
    if (isHtml(head)) {
      return new KheadersError("file-refused", "it is a web page, not a kernel's file", {
        hint: "Save the file itself; on a CI page that is its address with /raw/ in it.",
      });
    }
  } finally {
    source.close();
  }
  return new KheadersError("file-refused", "it is not a file of a kernel that kheaders knows", {
    hint: "docs/import.md lists what can be imported.",
  });
}
