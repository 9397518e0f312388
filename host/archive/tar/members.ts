import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import { formatOf } from "../formats.js";
import type { ArchiveLimits } from "../limits.js";
import { StepReader } from "../steps.js";
import { StreamBuffer } from "./buffer.js";
import { tarEnd } from "./end.js";
import { checkUtf8, isZero, type LongNames, readTarHeader, type TarHeader, tarBlockSize } from "./header.js";
import { pathExtraBytes } from "./names.js";
import { checkPax } from "./pax.js";

/**
 * A member of a tar archive as it is written there: well-formed, but its names are not yet checked. Content is good until
 * the next `push`.
 */
export type TarMember = { readonly path: string; readonly mode: number } & (
  | { readonly type: "folder" }
  | { readonly type: "file"; readonly content: Uint8Array }
  | { readonly type: "link"; readonly target: string }
);

const noLongNames: LongNames = { path: undefined, target: undefined };

/** As many bytes tell data of another format. */
const formatBytes = 8;

/**
 * Walks through a tar stream and gives each member to `found`. Every byte is accounted for: anything but members, GNU
 * long names, harmless pax headers, the zeros at the end, and the list that pixz writes after them is refused. A member is
 * read where it lies in the buffer, once all of it has come, because there are thousands of them; what follows the members
 * is read in steps.
 */
export class TarMembers {
  readonly #limits: ArchiveLimits;
  readonly #found: (member: TarMember) => void;
  readonly #buffer = new StreamBuffer();
  #end: StepReader | undefined;
  #long = noLongNames;
  /** The header whose content has not come yet. */
  #header: TarHeader | undefined;
  /** Of what comes next in the buffer, in the stream. */
  #position = 0;

  constructor(limits: ArchiveLimits, found: (member: TarMember) => void) {
    this.#limits = limits;
    this.#found = found;
  }

  /** Throws `archive-refused` or `archive-corrupt`; it is of no use afterwards. */
  push(chunk: Uint8Array): void {
    if (this.#end !== undefined) {
      this.#end.push(chunk);
      return;
    }
    this.#buffer.append(chunk);
    while (this.#end === undefined && this.#next());
  }

  /** Whether the stream may end here. */
  get complete(): boolean {
    return this.#end?.complete === true;
  }

  /** Reads a header, or the content that follows one. False if too little of it has come. */
  #next(): boolean {
    if (this.#header === undefined) return this.#nextHeader();
    const { size } = this.#header;
    const whole = size + padding(size);
    if (this.#buffer.length < whole) {
      this.#buffer.expect(whole);
      return false;
    }
    this.#take(this.#header);
    this.#pass(whole);
    this.#header = undefined;
    return true;
  }

  #nextHeader(): boolean {
    const { bytes, start, length } = this.#buffer;
    // Data of another format may end before a whole block has come.
    if (this.#position === 0 && length >= formatBytes) checkFormat(bytes.subarray(0, formatBytes));
    if (length < tarBlockSize) return false;
    if (bytes[start] === 0 && isZero(bytes.subarray(start, start + tarBlockSize))) {
      this.#endMembers();
      return true;
    }
    this.#header = readTarHeader(bytes, start, this.#position, this.#long);
    checkSize(this.#header, this.#limits);
    this.#pass(tarBlockSize);
    return true;
  }

  #pass(bytes: number): void {
    this.#buffer.start += bytes;
    this.#position += bytes;
  }

  /** Takes a header whose content lies in the buffer. */
  #take(header: TarHeader): void {
    const { type, path, mode, size, target } = header;
    switch (type) {
      case "pax":
      case "pax-global":
        checkPax(this.#content(size), path);
        return;
      case "long-path":
        this.#long = { ...this.#long, path: longName(this.#content(size), this.#long.path) };
        return;
      case "long-target":
        this.#long = { ...this.#long, target: longName(this.#content(size), this.#long.target) };
        return;
      case "file":
        this.#found({ type, path, mode, content: this.#content(size) });
        break;
      case "folder":
        this.#found({ type, path, mode });
        break;
      case "link":
        this.#found({ type, path, mode, target });
        break;
    }
    this.#long = noLongNames;
  }

  #content(size: number): Uint8Array {
    const { bytes, start } = this.#buffer;
    // A part of a Buffer takes much longer to make than one of a Uint8Array.
    return new Uint8Array(bytes.buffer, bytes.byteOffset + start, size);
  }

  #endMembers(): void {
    const orphan = this.#long.path ?? this.#long.target;
    if (orphan !== undefined) throw refused(`the long name "${printable(orphan)}" belongs to no member`);
    this.#end = new StepReader(tarEnd(this.#position, this.#limits));
    const { bytes, start, end } = this.#buffer;
    this.#end.push(bytes.subarray(start, end));
  }
}

function checkFormat(start: Uint8Array): void {
  const format = formatOf(start);
  if (format !== undefined) {
    throw refused(`the xz data holds ${format} data instead of a tar archive`);
  }
}

/** Checks what a header says about its content before that has come. */
function checkSize({ type, path, size }: TarHeader, limits: ArchiveLimits): void {
  switch (type) {
    case "file":
      checkLimit(path, size, limits.fileBytes);
      break;
    case "pax":
    case "pax-global":
      checkLimit(path, size, limits.paxBytes);
      break;
    case "folder":
    case "link":
      if (size > 0) throw refused(`"${printable(path)}" is a ${type} with content`);
      break;
    case "long-path":
    case "long-target":
      if (size > limits.pathBytes + pathExtraBytes + 1) {
        throw overLimit("the length of a name or link target", limits.pathBytes, "bytes");
      }
      break;
  }
}

function checkLimit(path: string, size: number, limit: number): void {
  if (size > limit) throw overLimit(`the size of "${printable(path)}"`, limit, "bytes");
}

/**
 * How GNU tar writes a name of more than 100 bytes: as the content of a member of its own, with a NUL at the end.
 *
 * @param before The one that was there already, if any.
 */
function longName(bytes: Uint8Array, before: string | undefined): string {
  if (before !== undefined) throw refused(`the long name "${printable(before)}" is followed by another`);
  const text = bytes.subarray(0, -1);
  const name = `the long name "${printable(text)}"`;
  if (text.length === 0 || bytes.indexOf(0) !== text.length) throw refused(`${name} is malformed`);
  checkUtf8(text, name);
  return Buffer.from(text).toString("utf8");
}

function padding(size: number): number {
  return (tarBlockSize - (size % tarBlockSize)) % tarBlockSize;
}
