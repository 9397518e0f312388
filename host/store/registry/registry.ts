import type { Digest } from "../../../shared/identity.js";
import { digestOfBytes, readAll, verified } from "../content.js";
import { storeCorrupt, storeFailed } from "../errors.js";
import { storeLimits } from "../limits.js";
import { manifestType, NotOci, parseObject } from "../manifest.js";
import {
  asTag,
  type Content,
  type Descriptor,
  type Repository,
  type StoredManifest,
  type Tag,
} from "../repository.js";
import { type ConnectionOptions, RegistryConnection } from "./connection.js";
import type { HttpAnswer } from "./exchange.js";

/** A repository on a registry (OCI distribution-spec 1.1). */
export class RegistryRepository implements Repository {
  readonly address: string;
  readonly #connection: RegistryConnection;
  readonly #path: string;

  constructor(options: ConnectionOptions) {
    this.address = options.address.text;
    this.#connection = new RegistryConnection(options);
    this.#path = `/v2/${options.address.repository}`;
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#connection.connect(signal);
  }

  async tags(signal: AbortSignal): Promise<string[]> {
    const tags = new Set<string>();
    let next: string | undefined = `${this.#path}/tags/list?n=1000`;
    for (let pages = 0; next !== undefined; pages += 1) {
      if (pages === storeLimits.tagPages || tags.size > storeLimits.tags)
        throw storeCorrupt(this.address, `it has more than ${storeLimits.tags} tags`);
      const answer = await this.#connection.send(next, { method: "GET", actions: "pull" }, signal);
      // A repository that nothing was stored in.
      if (answer.status === 404) {
        await answer.close();
        return [];
      }
      for (const tag of this.#tagsIn(await this.#bodyOf(answer, storeLimits.listBytes))) tags.add(tag);
      next = nextPage(answer.headers.get("link"));
    }
    return [...tags];
  }

  async manifest(reference: Digest | Tag, signal: AbortSignal): Promise<StoredManifest | undefined> {
    const isDigest = /^[0-9a-f]{64}$/.test(reference);
    const path = `${this.#path}/manifests/${isDigest ? "sha256:" : ""}${reference}`;
    const headers = { accept: manifestType };
    const answer = await this.#connection.send(path, { method: "GET", headers, actions: "pull" }, signal);
    if (answer.status === 404) {
      await answer.close();
      return undefined;
    }
    const bytes = await this.#bodyOf(answer, storeLimits.manifestBytes);
    const digest = digestOfBytes(bytes);
    const said = answer.headers.get("docker-content-digest");
    if ((isDigest && digest !== reference) || (said !== null && said !== `sha256:${digest}`))
      throw storeCorrupt(this.address, `the manifest ${reference.slice(0, 40)} has another digest`);
    return { bytes, digest };
  }

  async *blob(descriptor: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = `${this.#path}/blobs/sha256:${descriptor.digest}`;
    const answer = await this.#connection.send(path, { method: "GET", actions: "pull" }, signal);
    try {
      if (answer.status === 404)
        throw storeCorrupt(
          this.address,
          `the blob ${descriptor.digest.slice(0, 12)} of a manifest is missing`,
        );
      if (answer.status !== 200) throw await this.#connection.errorOf(answer);
      yield* verified(answer.chunks(), descriptor, this.address);
    } finally {
      await answer.close();
    }
  }

  async putBlob(content: Content, signal: AbortSignal): Promise<void> {
    const { digest, size } = content;
    if (await this.#hasBlob(digest, signal)) return;
    const begun = await this.#connection.send(
      `${this.#path}/blobs/uploads/`,
      { method: "POST", headers: { "content-length": "0" }, actions: "pull,push" },
      signal,
    );
    const location = begun.headers.get("location");
    if (begun.status !== 202 || location === null) throw await this.#failed(begun);
    await begun.close();
    const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
    const put = { method: "PUT", headers, body: () => content.bytes(), actions: "pull,push" } as const;
    const answer = await this.#connection.send(withDigest(location, digest), put, signal);
    if (answer.status !== 201) throw await this.#failed(answer);
    await answer.close();
  }

  async putManifest(tag: Tag, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const answer = await this.#connection.send(
      `${this.#path}/manifests/${tag}`,
      { method: "PUT", headers: { "content-type": manifestType }, body: bytes, actions: "pull,push" },
      signal,
    );
    if (answer.status !== 201) throw await this.#failed(answer);
    await answer.close();
  }

  async #hasBlob(digest: Digest, signal: AbortSignal): Promise<boolean> {
    const path = `${this.#path}/blobs/sha256:${digest}`;
    const answer = await this.#connection.send(path, { method: "HEAD", actions: "pull,push" }, signal);
    await answer.close();
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    throw await this.#connection.errorOf(answer);
  }

  async #bodyOf(answer: HttpAnswer, maxBytes: number): Promise<Buffer> {
    if (answer.status !== 200) throw await this.#failed(answer);
    const body = await readAll(answer.chunks(), maxBytes);
    if (body === undefined) throw storeCorrupt(this.address, `an answer has more than ${maxBytes} bytes`);
    return body;
  }

  async #failed(answer: HttpAnswer): Promise<Error> {
    const error = await this.#connection.errorOf(answer);
    await answer.close();
    return error;
  }

  #tagsIn(body: Uint8Array): string[] {
    try {
      const { tags } = parseObject(body, "the list of tags");
      // distribution says null where there are none.
      if (tags === null || tags === undefined) return [];
      if (Array.isArray(tags))
        return tags.filter((tag) => typeof tag === "string" && asTag(tag) !== undefined);
    } catch (error) {
      if (!(error instanceof NotOci)) throw error;
    }
    throw storeFailed(this.address, "it does not answer as a registry does");
  }
}

/** The address that the next page of a list has (RFC 8288), undefined for the last. */
function nextPage(link: string | null): string | undefined {
  return /<([^<>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
}

/** The address to which a blob is sent: the one that was given, with the digest as one more parameter. */
function withDigest(location: string, digest: Digest): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${encodeURIComponent(`sha256:${digest}`)}`;
}
