import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import { formatOf } from "../formats.js";
import type { ArchiveLimits } from "../limits.js";
import type { StepParser, Steps } from "../steps.js";
import { checkUtf8, isZero, type LongNames, readTarHeader, type TarHeader, tarBlockSize } from "./header.js";
import { pathExtraBytes } from "./names.js";
import { checkPax } from "./pax.js";
import { pixzIndex, pixzMagic } from "./pixz-index.js";

/** A member of a tar archive as it is written there: well-formed, but its names are not yet checked. */
export type TarMember = { readonly path: string; readonly mode: number } & (
  | { readonly type: "folder" }
  | { readonly type: "file"; readonly content: Uint8Array }
  | { readonly type: "link"; readonly target: string }
);

/**
 * Walks through a tar stream and gives each member to `found`. Every byte is accounted for: anything but members, GNU
 * long names, harmless pax headers, the zeros at the end, and the list that pixz writes after them is refused. `tar` reads
 * the headers; its `Parser` is not used, because it ignores much of what has to be refused (a gzip stream, sparse files,
 * data after the end), and a guard before it would have to do this same walk.
 *
 * The generator throws `archive-refused` and `archive-corrupt`.
 */
export function* tarMembers(limits: ArchiveLimits, found: (member: TarMember) => void): StepParser {
  let long: LongNames = noLongNames;
  let position = 0;
  for (let block = yield* firstBlock(); !isZero(block); block = yield { bytes: tarBlockSize }) {
    const header = readTarHeader(block, position, long);
    position += tarBlockSize + header.size + padding(header.size);
    const { path, mode, target } = header;
    switch (header.type) {
      case "pax":
      case "pax-global":
        checkPax(yield* content(header, limits.paxBytes), path);
        continue;
      case "long-path":
        long = { ...long, path: yield* longName(header, limits, long.path) };
        continue;
      case "long-target":
        long = { ...long, target: yield* longName(header, limits, long.target) };
        continue;
      case "file":
        found({ type: "file", path, mode, content: yield* content(header, limits.fileBytes) });
        break;
      case "folder":
        checkEmpty(header);
        found({ type: "folder", path, mode });
        break;
      case "link":
        checkEmpty(header);
        found({ type: "link", path, mode, target });
        break;
    }
    long = noLongNames;
  }
  const orphan = long.path ?? long.target;
  if (orphan !== undefined) throw refused(`the long name "${printable(orphan)}" belongs to no member`);
  return yield* end(position + tarBlockSize, limits);
}

const noLongNames: LongNames = { path: undefined, target: undefined };

/** Looks at the first few bytes alone, because data of another format may end before a whole block has come. */
function* firstBlock(): Steps<Uint8Array> {
  const start = yield { bytes: 8 };
  const format = formatOf(start);
  if (format !== undefined) {
    throw refused(`the xz data holds ${format} data instead of a tar archive`);
  }
  return Buffer.concat([start, yield { bytes: tarBlockSize - start.length }]);
}

/** The content that follows a header, without what fills it up to whole blocks. */
function* content(header: TarHeader, limit: number): Steps<Uint8Array> {
  if (header.size > limit) throw overLimit(`the size of "${printable(header.path)}"`, limit, "bytes");
  const bytes = yield { bytes: header.size };
  yield { bytes: padding(header.size), skip: true };
  return bytes;
}

/** How GNU tar writes a name of more than 100 bytes: as the content of a member of its own, with a NUL at the end. */
function* longName(header: TarHeader, limits: ArchiveLimits, before: string | undefined): Steps<string> {
  if (before !== undefined) throw refused(`the long name "${printable(before)}" is followed by another`);
  const maxBytes = limits.pathBytes + pathExtraBytes + 1;
  if (header.size > maxBytes) {
    throw overLimit("the length of a name or link target", limits.pathBytes, "bytes");
  }
  const bytes = yield* content(header, maxBytes);
  const text = bytes.subarray(0, -1);
  const name = `the long name "${printable(text)}"`;
  if (text.length === 0 || bytes.indexOf(0) !== text.length) throw refused(`${name} is malformed`);
  checkUtf8(text, name);
  return Buffer.from(text).toString("utf8");
}

function checkEmpty(header: TarHeader): void {
  if (header.size > 0) throw refused(`"${printable(header.path)}" is a ${header.type} with content`);
}

/**
 * Two blocks of zeros are the end; more of them may fill up the last record, and pixz's list may follow.
 *
 * @param size Bytes of the archive so far, the first block of zeros included.
 */
function* end(size: number, limits: ArchiveLimits): StepParser {
  let tarBytes = size + tarBlockSize;
  if (!isZero(yield { bytes: tarBlockSize })) throw dataAfterEnd();
  for (;;) {
    const start = yield { bytes: pixzMagic.length, mayEnd: true };
    if (Buffer.compare(start, pixzMagic) === 0) break;
    if (!isZero(start) || !isZero(yield { bytes: tarBlockSize - start.length })) throw dataAfterEnd();
    tarBytes += tarBlockSize;
  }
  yield* pixzIndex(tarBytes, limits);
  yield { bytes: 1, mayEnd: true };
  throw dataAfterEnd();
}

function dataAfterEnd(): Error {
  return refused("there is data after the end of the tar archive");
}

function padding(size: number): number {
  return (tarBlockSize - (size % tarBlockSize)) % tarBlockSize;
}
