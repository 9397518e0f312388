import { closeSync, fchmodSync, openSync, writeSync } from "node:fs";
import type { Digest } from "../../../shared/identity.js";
import { diskError } from "../disk/errors.js";
import { RunningDigest } from "../disk/sha256.js";
import { fileMode } from "./manifest.js";

/** Writes an archive's file and hashes it on the way. */
export class ArchiveWriter {
  readonly #file: string;
  readonly #digest = new RunningDigest();
  #descriptor: number | undefined;
  #bytes = 0;

  /** Makes the file, which must not exist. @throws KheadersError `disk-full` or `cache-failed`. */
  constructor(file: string) {
    this.#file = file;
    this.#descriptor = this.#attempt(() => openSync(file, "wx", fileMode(false)));
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws KheadersError `disk-full` or `cache-failed`. */
  write(chunk: Uint8Array): void {
    const descriptor = this.#open();
    this.#attempt(() => {
      for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
    });
    this.#digest.update(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * Finishes the file and gives its digest; may be called once.
   *
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  finish(): Digest {
    const descriptor = this.#open();
    this.#attempt(() => fchmodSync(descriptor, fileMode(false)));
    this.close();
    return this.#digest.finish();
  }

  /** Closes the file, whole or not. May be called again. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) this.#attempt(() => closeSync(descriptor));
  }

  #open(): number {
    if (this.#descriptor === undefined) throw new Error("the archive's file is closed");
    return this.#descriptor;
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw diskError(error, "write the archive", this.#file);
    }
  }
}
