import { own, ownerGone } from "./socket.js";

/** The right to do a piece of work that one process does for all. */
export interface Lock {
  /** Whether another process had it before, and may have done the work. */
  readonly waited: boolean;
  /** Releases it and wakes all processes that wait for it. */
  release(): void;
}

/** How to wait for a lock. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called at most once, if another process has the lock, with that process's id if known. */
  readonly onWait?: ((pid: number | undefined) => void) | undefined;
}

/**
 * Takes the lock at a socket address, waiting for its owner if there is one. The kernel frees it when its
 * owner dies, and never before. If sockets are files, `own` may give it to two at once: a lock only saves
 * work, and the cache is right without it.
 *
 * @throws the signal's reason when it aborts.
 */
export async function acquireLock(address: string, options: LockOptions = {}): Promise<Lock> {
  let hasWaited = false;
  let isTold = false;
  const onOwner = (pid: number | undefined) => {
    if (!isTold) options.onWait?.(pid);
    isTold = true;
  };
  for (;;) {
    options.signal?.throwIfAborted();
    const socket = await own(address);
    if (socket !== undefined) return { waited: hasWaited, release: () => socket.close() };
    hasWaited = true;
    await ownerGone(address, options.signal, onOwner);
  }
}
