import { refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";
import type { StepParser } from "../steps.js";
import { isZero, tarBlockSize } from "./header.js";
import { pixzIndex, pixzMagic } from "./pixz-index.js";

/**
 * What follows the members of a tar archive: two blocks of zeros are the end; more of them may fill up the last record, and
 * pixz's list may follow. Throws `archive-refused` for anything else.
 *
 * @param memberBytes Bytes of the archive so far.
 */
export function* tarEnd(memberBytes: number, limits: ArchiveLimits): StepParser {
  let tarBytes = memberBytes + 2 * tarBlockSize;
  if (!isZero(yield { bytes: tarBlockSize }) || !isZero(yield { bytes: tarBlockSize })) throw dataAfterEnd();
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
