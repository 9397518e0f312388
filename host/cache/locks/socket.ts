import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { hashOf } from "../disk/paths.js";

/** The size of `sun_path` (unix(7)). */
const abstractAddressBytes = 108;

/** Milliseconds that the owner of a socket has to say who it is: a stopped one, or an older kheaders, says nothing. */
const introductionTakes = 200;

/**
 * The address of a Unix socket that every process derives from the same `subject`. On Linux it is abstract (unix(7)):
 * no file, gone with its owner. Elsewhere it is a file in the folder for temporary files.
 */
export function socketAddress(
  subject: readonly string[],
  platform: NodeJS.Platform = process.platform,
): string {
  const name = `kheaders-${hashOf(subject).slice(0, 32)}`;
  // Node 20 pads a name with NULs to this length, Node 22 and later bind what they are given: padded, all bind the same.
  if (platform === "linux") return `\0${name}`.padEnd(abstractAddressBytes, "\0");
  // Another user's file could be neither reached nor removed.
  return path.join(os.tmpdir(), `${name}-${process.getuid?.() ?? 0}`);
}

/** A socket that we own. The kernel closes it when we die, and takes it from nobody who lives, stopped or slow. */
export interface OwnedSocket {
  /** Closes it at once, and with it the connections of all who wait for that. */
  close(): void;
}

/** Listens at an address, or gives undefined where another socket does. @throws KheadersError `cache-failed` otherwise. */
export async function own(address: string): Promise<OwnedSocket | undefined> {
  const owned = await listen(address);
  if (owned !== undefined || isAbstract(address) || (await isOwned(address))) return owned;
  // The file of a dead owner. Two who find it at once could both become owners: locks save work, no more.
  rmSync(address, { force: true });
  return listen(address);
}

/** The error of connect(2) where a living owner's queue is full (unix(7)). */
const queueFull = "EAGAIN";

/** Whether a process that lives owns the socket at an address. */
export async function isOwned(address: string): Promise<boolean> {
  const result = await tryToConnect(address);
  if (typeof result === "string") return result === queueFull;
  result.destroy();
  return true;
}

/**
 * Waits until the owner of the socket at an address closes it or dies, or until it is worth looking again.
 *
 * @param onOwner Called once there is an owner to wait for, with its process id if it says that.
 * @throws the signal's reason when it aborts.
 */
export async function ownerGone(
  address: string,
  signal: AbortSignal | undefined,
  onOwner: (pid: number | undefined) => void,
): Promise<void> {
  signal?.throwIfAborted();
  const socket = await tryToConnect(address);
  if (typeof socket === "string") {
    if (socket === queueFull) onOwner(undefined);
    // Closed in between, or not listening yet, or too many are waiting: the pause keeps us from spinning.
    await sleep(socket === queueFull ? 50 : 2);
    return;
  }
  await new Promise<void>((resolve) => {
    const silent = setTimeout(onOwner, introductionTakes, undefined);
    const done = () => {
      clearTimeout(silent);
      signal?.removeEventListener("abort", done);
      socket.destroy();
      resolve();
    };
    socket.once("close", done);
    signal?.addEventListener("abort", done);
    socket.once("data", (introduction) => {
      clearTimeout(silent);
      onOwner(pidIn(introduction));
    });
    // It may have aborted while we connected.
    if (signal?.aborted) done();
  });
  signal?.throwIfAborted();
}

/** The process id that an owner said; undefined for anything else, which may come from a process of another user. */
function pidIn(introduction: Buffer): number | undefined {
  const digits = /^(\d{1,10})\n$/.exec(introduction.subarray(0, 16).toString("latin1"))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function isAbstract(address: string): boolean {
  return address.startsWith("\0");
}

function listen(address: string): Promise<OwnedSocket | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.once("close", () => waiting.delete(socket));
      // A waiter that died; its close event follows.
      socket.on("error", () => undefined);
      socket.resume();
      socket.unref();
      socket.write(`${process.pid}\n`);
    });
    server.once("error", (error) => {
      if (errnoOf(error) === "EADDRINUSE") resolve(undefined);
      else reject(cannotListen(error));
    });
    server.listen({ path: address, exclusive: true, backlog: 511 }, () => {
      server.unref();
      resolve({ close: () => closeAll(server, waiting) });
    });
  });
}

function cannotListen(cause: Error): KheadersError {
  return new KheadersError("cache-failed", `cannot make a socket to lock the cache with: ${cause.message}`, {
    cause,
  });
}

function closeAll(server: Server, waiting: ReadonlySet<Socket>): void {
  server.close();
  for (const socket of waiting) socket.destroy();
}

/** Connects, or gives the name of the error. */
function tryToConnect(address: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("error", (error) => resolve(errnoOf(error) ?? error.message));
    socket.once("connect", () => {
      // The owner's death shows as an error or an end, and always as a close.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
