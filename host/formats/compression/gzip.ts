import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { KheadersError } from "../../../shared/errors.js";
import { type ByteSource, sourceChunks } from "../byte-source.js";
import { damaged } from "../errors.js";

/** Decompresses gzip (RFC 1952). For what it throws, see `Compression`. */
export async function* gunzip(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(sourceChunks(source, signal), { objectMode: false });
  const output = createGunzip();
  input.on("error", (error) => output.destroy(error));
  try {
    for await (const chunk of input.pipe(output)) yield chunk;
  } catch (error) {
    if (error instanceof KheadersError || signal?.aborted) throw error;
    throw damaged("its gzip data is not whole", error);
  } finally {
    input.destroy();
    output.destroy();
  }
}
