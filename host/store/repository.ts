import type { Digest } from "../../shared/identity.js";

/** What names a piece of content (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Content that is to be stored. It may be read more than once. */
export interface Content extends Descriptor {
  bytes(): AsyncIterable<Uint8Array>;
}

/** A manifest as it lies in a repository. */
export interface StoredManifest {
  readonly bytes: Uint8Array;
  /** SHA-256 of these bytes, which were compared with it. */
  readonly digest: Digest;
}

/**
 * A repository of blobs, and of manifests that tags name: on a registry, or in a folder. All that it gives was compared with
 * its digest and size. Its methods throw KheadersErrors `store-failed`, `store-denied` and `store-corrupt`, and the signal's
 * reason when it aborts.
 */
export interface Repository {
  /** As the user knows it. */
  readonly address: string;
  /** Reaches the store ahead of the first question. An error is not told here: the question meets it again. */
  connect(signal: AbortSignal): Promise<void>;
  /** All tags, in no order. */
  tags(signal: AbortSignal): Promise<string[]>;
  /** The manifest that a tag names, or the manifest with a digest; undefined if there is none. */
  manifest(reference: Digest | Tag, signal: AbortSignal): Promise<StoredManifest | undefined>;
  /** A blob's bytes as they come. If they are others than the descriptor says, that is an error, at the latest at the end. */
  blob(descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Stores a blob, if it is not there. */
  putBlob(content: Content, signal: AbortSignal): Promise<void>;
  /** Stores a manifest and lets a tag name it, whatever it named before. */
  putManifest(tag: Tag, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** A tag: a letter, digit or `_`, then up to 127 of these, `.` and `-` (OCI distribution-spec 1.1). */
export type Tag = string & { readonly __tag: unique symbol };

/** Gives `text` as a tag, or undefined if it is not one. */
export function asTag(text: string): Tag | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text) ? (text as Tag) : undefined;
}
