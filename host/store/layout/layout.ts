import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { asDigest, type Digest } from "../../../shared/identity.js";
import { chunksOf } from "../../archive/chunks.js";
import type { StoreAddress } from "../address.js";
import { contentOf, digestOfBytes, readThrough, verified } from "../content.js";
import { asStoreError, storeCorrupt } from "../errors.js";
import { storeLimits } from "../limits.js";
import { readFileUpTo, sizeOf } from "../local-file.js";
import { manifestType, NotOci } from "../manifest.js";
import type { Content, Descriptor, Repository, StoredManifest, Tag } from "../repository.js";
import { ageOf, withFolderLock } from "./folder-lock.js";
import { emptyIndex, formatIndex, type LayoutIndex, parseIndex, tagsIn, withTag } from "./index-file.js";

const temporaryPrefix = ".kheaders-";
/** Milliseconds after which a temporary file is of a dead process. */
const leftoverAfter = 24 * 3_600_000;

/**
 * An image layout in a folder (OCI image-spec 1.1, image-layout.md), on a network file system or a stick. Files are written
 * under temporary names, flushed and renamed, so readers see whole ones; and they are compared with their digests as all that
 * comes from a store.
 */
export class LayoutRepository implements Repository {
  readonly address: string;
  readonly #folder: string;

  constructor({ folder, text }: Extract<StoreAddress, { kind: "folder" }>) {
    this.address = text;
    this.#folder = folder;
  }

  async connect(): Promise<void> {
    // Each question opens the files that it needs.
  }

  async tags(signal: AbortSignal): Promise<string[]> {
    return this.#trying(async () => [...tagsIn(await this.#index(signal)).keys()]);
  }

  async manifest(reference: Digest | Tag, signal: AbortSignal): Promise<StoredManifest | undefined> {
    return this.#trying(async () => {
      const named = asDigest(reference) ?? tagsIn(await this.#index(signal)).get(reference as Tag)?.digest;
      if (named === undefined) return undefined;
      const bytes = await readFileUpTo(this.#blob(named), storeLimits.manifestBytes, signal);
      if (bytes === undefined) throw new NotOci(`the manifest ${named.slice(0, 12)} is missing or too large`);
      if (digestOfBytes(bytes) !== named)
        throw new NotOci(`the manifest ${named.slice(0, 12)} has another digest`);
      return { bytes, digest: named };
    });
  }

  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = this.#blob(descriptor.digest);
    try {
      if (sizeOf(file) === undefined)
        throw storeCorrupt(
          this.address,
          `the blob ${descriptor.digest.slice(0, 12)} of a manifest is missing`,
        );
      yield* verified(chunksOf(file, signal), descriptor, this.address);
    } catch (error) {
      signal.throwIfAborted();
      throw asStoreError(this.address, error);
    }
  }

  async putBlob(content: Content, signal: AbortSignal): Promise<void> {
    await this.#trying(async () => {
      const file = this.#blob(content.digest);
      if (sizeOf(file) === content.size && (await this.#isWhole(content, signal))) return;
      await this.#prepare();
      await this.#write(file, verified(content.bytes(), content, this.address));
    });
  }

  async putManifest(tag: Tag, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.putBlob(contentOf(manifestType, bytes), signal);
    await this.#trying(() =>
      withFolderLock(path.join(this.#folder, `${temporaryPrefix}lock`), signal, async () => {
        const index = withTag(await this.#index(signal), tag, bytes);
        await this.#write(path.join(this.#folder, "index.json"), textChunks(formatIndex(index)));
      }),
    );
  }

  async #index(signal: AbortSignal): Promise<LayoutIndex> {
    const file = path.join(this.#folder, "index.json");
    const size = sizeOf(file);
    if (size === undefined) return emptyIndex;
    const bytes = await readFileUpTo(file, storeLimits.listBytes, signal);
    if (bytes === undefined) throw new NotOci(`index.json has more than ${storeLimits.listBytes} bytes`);
    return parseIndex(bytes);
  }

  /** What lies there may be damaged; then it is written anew. */
  async #isWhole(content: Descriptor, signal: AbortSignal): Promise<boolean> {
    try {
      await readThrough(this.blob(content, signal));
      return true;
    } catch (error) {
      if (error instanceof KheadersError && error.code === "store-corrupt") return false;
      throw error;
    }
  }

  /** Makes the folders and the file that says what they are, and removes what dead processes left. */
  async #prepare(): Promise<void> {
    mkdirSync(path.join(this.#folder, "blobs", "sha256"), { recursive: true });
    for (const name of readdirSync(this.#folder)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const file = path.join(this.#folder, name);
      if (ageOf(file) > leftoverAfter) rmSync(file, { force: true });
    }
    const marker = path.join(this.#folder, "oci-layout");
    if (sizeOf(marker) === undefined) await this.#write(marker, textChunks('{"imageLayoutVersion":"1.0.0"}'));
  }

  /** Writes a file whole or not at all. */
  async #write(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = path.join(this.#folder, `${temporaryPrefix}${randomBytes(8).toString("hex")}`);
    try {
      const descriptor = openSync(temporary, "wx", 0o644);
      try {
        for await (const chunk of chunks)
          for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(temporary, file);
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  #blob(digest: Digest): string {
    return path.join(this.#folder, "blobs", "sha256", digest);
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotOci) throw storeCorrupt(this.address, error.message);
      throw asStoreError(this.address, error);
    }
  }
}

async function* textChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
