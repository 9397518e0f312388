import { randomUUID } from "node:crypto";
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import path from "node:path";
import { descriptorSource, type FileSource } from "./byte-source.js";
import { overFileLimit } from "./errors.js";
import type { KernelFileLimits } from "./limits.js";

/** What was decompressed, in files without a name: they are gone when they are closed, however this process ends. */
export class TemporaryFiles {
  readonly #folder: string;
  readonly #limits: Pick<KernelFileLimits, "unpackedBytes" | "allUnpackedBytes">;
  readonly #files: FileSource[] = [];
  #bytes = 0;

  /** @param folder An existing folder. */
  constructor(folder: string, limits: Pick<KernelFileLimits, "unpackedBytes" | "allUnpackedBytes">) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * Writes what comes to a file. Throws what the chunks throw, `file-refused` if it is more than the limits allow, or the
   * system's error. The chunks are ended in each case.
   */
  async keep(chunks: AsyncIterable<Uint8Array>): Promise<FileSource> {
    const file = path.join(this.#folder, randomUUID());
    const descriptor = openSync(file, "wx+", 0o600);
    try {
      unlinkSync(file);
      let size = 0;
      for await (const chunk of chunks) {
        size += chunk.length;
        this.#count(chunk.length, size);
        for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
      }
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    const source = descriptorSource(descriptor);
    this.#files.push(source);
    return source;
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  #count(more: number, size: number): void {
    const { unpackedBytes, allUnpackedBytes } = this.#limits;
    this.#bytes += more;
    if (size > unpackedBytes) throw overFileLimit("what it holds, decompressed,", unpackedBytes, "bytes");
    if (this.#bytes > allUnpackedBytes)
      throw overFileLimit("all that it holds, decompressed,", allUnpackedBytes, "bytes");
  }
}
