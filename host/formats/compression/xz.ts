import { KheadersError } from "../../../shared/errors.js";
import { archiveLimits } from "../../archive/limits.js";
import { decodeXz } from "../../archive/xz/decode.js";
import { findXzUtils } from "../../archive/xz/find-program.js";
import { filter } from "../../process/filter.js";
import { type ByteSource, sourceChunks } from "../byte-source.js";
import { damaged } from "../errors.js";
import { kernelFileLimits } from "../limits.js";

const { dictionaryBytes, unpackedBytes } = kernelFileLimits;
/** What the decoder needs beside the dictionary is less than a MiB. */
const memoryBytes = dictionaryBytes + 8 * 1024 * 1024;
const hint = "Install xz (Debian's package: xz-utils).";

/**
 * Decompresses xz. The workstation's `xz` reads every filter; without it, kheaders' own decoder reads what has none, as
 * `kheaders.ko.xz`. For what it throws, see `Compression`.
 */
export async function* unxz(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = sourceChunks(source, signal);
  const program = findXzUtils(process.env.PATH);
  if (program === undefined) return yield* withoutProgram(chunks, signal);
  const args = ["--decompress", "--stdout", "--single-stream", `--memlimit-decompress=${memoryBytes}`];
  yield* filter(chunks, program, args, { signal, hint, failed: () => damaged("its xz data is not whole") });
}

async function* withoutProgram(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const limits = { ...archiveLimits, compressedBytes: unpackedBytes, unpackedBytes };
  try {
    yield* decodeXz(chunks, { limits, signal });
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    if (error.code === "archive-corrupt") throw damaged("its xz data is not whole", error);
    if (error.code !== "archive-refused") throw error;
    throw new KheadersError("tool-missing", "xz was not found, and only xz can decompress this file", {
      hint,
      cause: error,
    });
  }
}
