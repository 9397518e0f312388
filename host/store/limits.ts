/** The limits of what a store may say, in one place. `docs/archive-limits.md` tells the user the same figures. */
export interface StoreLimits {
  /** Bytes of a manifest. The specification lets a registry refuse more than 4 MiB; ours have some 2 KB. */
  readonly manifestBytes: number;
  /** Bytes of a list: a page of tags, or the `index.json` of a folder. */
  readonly listBytes: number;
  /** Layers of a manifest. */
  readonly layers: number;
  /** Annotations of a manifest. */
  readonly annotations: number;
  /** UTF-16 code units of one annotation. */
  readonly textLength: number;
  /** Tags of a repository. */
  readonly tags: number;
  /** Pages of the list of tags. */
  readonly tagPages: number;
  /** Redirects of one request. */
  readonly redirects: number;
  /**
   * Bytes of a token's answer, of an error's text, of a body that is only read to keep the connection, and of what a credential
   * helper prints.
   */
  readonly smallBytes: number;
  /** Bytes of a file with credentials. */
  readonly credentialFileBytes: number;
  /** Times that a request is sent again because the registry asks to wait. */
  readonly retries: number;
  /** Seconds that it may ask to wait. */
  readonly pauseSeconds: number;
  /** Seconds without headway after which a request is given up. */
  readonly stallSeconds: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** The limits of the tool. */
export const storeLimits: StoreLimits = {
  manifestBytes: 256 * KiB,
  listBytes: 16 * MiB,
  layers: 16,
  annotations: 64,
  textLength: 4096,
  tags: 100_000,
  tagPages: 200,
  redirects: 5,
  smallBytes: 64 * KiB,
  credentialFileBytes: MiB,
  retries: 3,
  pauseSeconds: 30,
  stallSeconds: 10,
};
