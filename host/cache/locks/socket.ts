import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, KheadersError, reasonOf } from "../../../shared/errors.js";
import { hashOf } from "../disk/paths.js";

/** The size of `sun_path` (unix(7)). */
const abstractAddressBytes = 108;

/**
 * Milliseconds in which the owner of a socket says its process id. A stopped owner, or an older kheaders,
 * says nothing.
 */
const maxIntroduction = 200;

/**
 * The address of a Unix socket that every process derives from the same `subject`. On Linux it is abstract
 * (unix(7)): it is not a file, and disappears with its owner. Elsewhere it is a file in the folder for
 * temporary files.
 */
export function socketAddress(
  subject: readonly string[],
  platform: NodeJS.Platform = process.platform,
): string {
  const name = `kheaders-${hashOf(subject).slice(0, 32)}`;
  // Node 20 pads a name with NULs to this length, Node 22 and later bind the name as given. Padded here, all
  // bind the same.
  if (platform === "linux") return `\0${name}`.padEnd(abstractAddressBytes, "\0");
  // With the user id: we could neither connect to another user's file nor remove it.
  return path.join(os.tmpdir(), `${name}-${process.getuid?.() ?? 0}`);
}

/** A socket that we own. The kernel closes it when we die, and not before, also if we are stopped or slow. */
export interface OwnedSocket {
  /** Closes it at once, with the connections of all processes that wait for it. */
  close(): void;
}

/**
 * Listens at an address, or gives undefined if another socket does.
 *
 * @throws KheadersError `cache-failed` otherwise.
 */
export async function own(address: string): Promise<OwnedSocket | undefined> {
  const owned = await listen(address);
  if (owned !== undefined || isAbstract(address) || (await isOwned(address))) return owned;
  // The file of a dead owner. Two processes that find it at once could both become owners: locks only save
  // work.
  rmSync(address, { force: true });
  return listen(address);
}

/** The error of connect(2) if the queue of a running owner is full (unix(7)). */
const queueFull = "EAGAIN";

/** Whether a running process owns the socket at an address. */
export async function isOwned(address: string): Promise<boolean> {
  const result = await tryToConnect(address);
  if (typeof result === "string") return result === queueFull;
  result.destroy();
  return true;
}

/**
 * Waits until the owner of the socket at an address closes it or dies, or until it is time to look again.
 *
 * @param onOwner Called when there is an owner to wait for, with its process id if it says that.
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
    const silent = setTimeout(onOwner, maxIntroduction, undefined);
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

/**
 * The process id that an owner sent; undefined for anything else: another user's process may send what it
 * likes.
 */
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
      // The waiting process died; the close event follows.
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
  return new KheadersError(
    "cache-failed",
    `cannot make the socket that locks the cache: ${reasonOf(cause)}`,
    {
      cause,
    },
  );
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
      // When the owner dies there may be an error or an end, and there is always a close.
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
