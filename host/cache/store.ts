import { statSync } from "node:fs";
import type { Digest } from "../../shared/identity.js";
import { diskError } from "./disk/errors.js";
import { createLayout } from "./disk/format.js";
import { BtfPaths, type CachePaths } from "./disk/paths.js";
import { acquireLock, type Lock, type LockOptions } from "./locks/lock.js";
import { socketAddress } from "./locks/socket.js";

/** What every part of the cache needs: its paths, the clock, this workstation's boot and its locks. */
export class Store {
  readonly paths: CachePaths;
  readonly tool: string;
  readonly now: () => Date;
  readonly #readHostBootId: () => string | undefined;
  readonly #locks: boolean;
  #hostBoot: { readonly id: string | undefined } | undefined;

  constructor(options: {
    paths: CachePaths;
    tool: string;
    now: () => Date;
    hostBootId: () => string | undefined;
    locks: boolean;
  }) {
    this.paths = options.paths;
    this.tool = options.tool;
    this.now = options.now;
    this.#readHostBootId = options.hostBootId;
    this.#locks = options.locks;
  }

  /** The id of this workstation's boot, or undefined if the system does not say. */
  get hostBootId(): string | undefined {
    this.#hostBoot ??= { id: this.#readHostBootId() };
    return this.#hostBoot.id;
  }

  /** The store of the BTF files of kernels, which lies in this one's folder. */
  btf(): Store {
    return new Store({
      paths: new BtfPaths(this.paths),
      tool: this.tool,
      now: this.now,
      hostBootId: this.#readHostBootId,
      locks: this.#locks,
    });
  }

  /**
   * Takes the lock on a subject of this cache, the same for every path that leads to it. Makes the cache if
   * it does not exist.
   *
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  async lock(subject: readonly string[], options?: LockOptions): Promise<Lock> {
    if (!this.#locks) return { waited: false, release: () => undefined };
    createLayout(this.paths);
    return acquireLock(socketAddress([...this.#identity(), ...subject]), options);
  }

  /** Runs `work` under the lock of a digest. Publishing, mending and removing take it. */
  async withDigestLock<T>(
    digest: Digest,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const lock = await this.lock(["digest", digest], { signal });
    try {
      return await work();
    } finally {
      lock.release();
    }
  }

  #identity(): string[] {
    try {
      const { dev, ino } = statSync(this.paths.root);
      return ["cache", String(dev), String(ino)];
    } catch (error) {
      throw diskError(error, "read the cache", this.paths.root);
    }
  }
}
