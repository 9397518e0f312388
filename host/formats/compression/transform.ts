import { Readable, type Transform } from "node:stream";
import { KheadersError } from "../../../shared/errors.js";
import { type ByteSource, sourceChunks } from "../byte-source.js";
import { damaged } from "../errors.js";

/** Decompresses by a stream of Node's. `name` is the format, for the message. For what it throws, see `Compression`. */
export async function* transformed(
  source: ByteSource,
  signal: AbortSignal | undefined,
  name: string,
  output: Transform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(sourceChunks(source, signal), { objectMode: false });
  let inputError: unknown;
  input.on("error", (error) => {
    inputError = error;
    output.destroy(error);
  });
  try {
    for await (const chunk of input.pipe(output)) yield chunk;
  } catch (error) {
    if (inputError !== undefined || error instanceof KheadersError) throw inputError ?? error;
    throw damaged(`its ${name} data is not whole`, error);
  } finally {
    input.destroy();
    output.destroy();
  }
}
