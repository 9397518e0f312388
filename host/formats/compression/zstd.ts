import type { Transform } from "node:stream";
import zlib from "node:zlib";
import { filter } from "../../process/filter.js";
import { type ByteSource, sourceChunks } from "../byte-source.js";
import { damaged } from "../errors.js";
import { kernelFileLimits } from "../limits.js";
import { transformed } from "./transform.js";

/**
 * Decompresses zstd (RFC 8878): by Node where it can (22.15 and later, with windows up to 128 MiB), else by the `zstd`
 * program. For what it throws, see `Compression`.
 */
export function unzstd(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if ("createZstdDecompress" in zlib && typeof zlib.createZstdDecompress === "function") {
    const create = zlib.createZstdDecompress as () => Transform;
    return transformed(source, signal, "zstd", create());
  }
  const args = ["--decompress", "--stdout", `--memory=${kernelFileLimits.dictionaryBytes}`];
  return filter(sourceChunks(source, signal), "zstd", args, {
    signal,
    hint: "Install zstd (Debian's package: zstd), or use Node 22.15 or later.",
    failed: () => damaged("its zstd data is not whole"),
  });
}
