import { refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";
import type { Steps } from "../steps.js";
import { tarBlockSize } from "./header.js";
import { pathExtraBytes } from "./names.js";

/** With this begins the list of members that pixz writes behind a tar archive (vasi/pixz 1.0.7, src/pixz.h). */
export const pixzMagic = Uint8Array.of(0xa6, 0x4c, 0x32, 0x2e, 0xd6, 0x14, 0xae, 0xdb);

/**
 * Passes over such a list, after its magic number. Each member has its name, a NUL, and the place of its header as 64 bits
 * in little-endian order; at the end come an empty name and the size of the tar archive (src/write.c, write_file_index).
 * Nothing of it is used. A name is empty if pixz could not convert it, and `._` files are left out, so names are not compared.
 *
 * Throws `archive-refused` for anything else.
 */
export function* pixzIndex(tarBytes: number, limits: ArchiveLimits): Steps<void> {
  for (let last = -1; last !== tarBytes; ) {
    const nameBytes = yield* name(limits);
    const place = toNumber(yield { bytes: 8 });
    const isEnd = place === tarBytes && nameBytes === 0;
    const isMember = place > last && place < tarBytes && place % tarBlockSize === 0;
    if (!isEnd && !isMember) throw malformed();
    last = place;
  }
}

/** Gives the length of a name. */
function* name(limits: ArchiveLimits): Steps<number> {
  const maxBytes = limits.pathBytes + pathExtraBytes;
  for (let bytes = 0; bytes <= maxBytes; bytes += 1) {
    const [byte] = yield { bytes: 1 };
    if (byte === 0) return bytes;
  }
  throw malformed();
}

function toNumber(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true));
}

function malformed(): Error {
  return refused("the list of members that pixz wrote behind the tar archive is malformed");
}
