import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import { formatOf } from "../formats.js";
import type { ArchiveLimits } from "../limits.js";
import type { StepParser, Steps } from "../steps.js";
import { checkUtf8, isZero, type LongNames, readTarHeader, type TarHeader, tarBlockSize } from "./header.js";
import { checkPax } from "./pax.js";

/** A member of a tar archive as it stands there: well-formed, but its names are not yet checked. */
export type TarMember = { readonly path: string; readonly mode: number } & (
  | { readonly type: "folder" }
  | { readonly type: "file"; readonly content: Uint8Array }
  | { readonly type: "link"; readonly target: string }
);

/**
 * Walks through a tar stream and gives each member to `found`. Every byte is accounted for: what is not a member, a
 * GNU long name, a harmless pax header, or the zeros at the end is refused. `tar` reads the headers; its `Parser` is
 * not used, for it passes over much of what has to be refused (a gzip stream, sparse files, data after the end), and a
 * guard before it would have to do this same walk.
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
  if (orphan !== undefined) throw refused(`the long name "${printable(orphan)}" belongs to no entry`);
  return yield* end();
}

const noLongNames: LongNames = { path: undefined, target: undefined };

/** Looks at the first few bytes alone, for another format may be over before a whole block has come. */
function* firstBlock(): Steps<Uint8Array> {
  const start = yield { bytes: 8 };
  const format = formatOf(start);
  if (format !== undefined) {
    throw refused(`there is ${format} data in the xz data, where a tar archive belongs`);
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

/** GNU tar's way with names over 100 bytes: they are the content of an entry of their own, with a NUL at the end. */
function* longName(header: TarHeader, limits: ArchiveLimits, before: string | undefined): Steps<string> {
  if (before !== undefined) throw refused(`the long name "${printable(before)}" is followed by another`);
  if (header.size > limits.pathBytes + 1) {
    throw overLimit("the length of a name or link target", limits.pathBytes, "bytes");
  }
  const bytes = yield* content(header, limits.pathBytes + 1);
  const text = bytes.subarray(0, -1);
  const name = `the long name "${printable(text)}"`;
  if (text.length === 0 || bytes.indexOf(0) !== text.length) throw refused(`${name} is malformed`);
  checkUtf8(text, name);
  return Buffer.from(text).toString("utf8");
}

function checkEmpty(header: TarHeader): void {
  if (header.size > 0) throw refused(`"${printable(header.path)}" is a ${header.type} with content`);
}

/** Two blocks of zeros are the end; more of them may fill up the last record. */
function* end(): StepParser {
  for (let block = yield { bytes: tarBlockSize }; ; block = yield { bytes: tarBlockSize, mayEnd: true }) {
    if (!isZero(block)) throw refused("something follows the end of the tar archive");
  }
}

function padding(size: number): number {
  return (tarBlockSize - (size % tarBlockSize)) % tarBlockSize;
}
