import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Digest } from "../../../shared/identity.js";
import { nodeCrypto } from "../../../shared/node-crypto.js";
import { diskError, isDiskFull, isMissing, isNotWritable } from "../disk/errors.js";
import type { CachePaths } from "../disk/paths.js";
import { removeFileIfAllowed } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { isOwned, own, socketAddress } from "./socket.js";

/**
 * What a lease keeps from being removed: the tree and archive of a digest, or the temporary files of current
 * work.
 */
export type LeaseSubject = Digest | "work";

/**
 * Says that something in the cache is in use. It ends with {@link Lease.release}, or when its holder dies.
 */
export interface Lease {
  /** Unique among all leases, also those that have ended. */
  readonly id: string;
  release(): void;
}

/**
 * A lease is an empty file, `<subject>.<namespace>.<holder>-<number>`. The holder is a process that owns a
 * socket of that name, which is closed when it dies. Abstract sockets are visible only within one network
 * namespace, so a holder in another one (a container that shares the cache) cannot be asked.
 */
interface LeaseName {
  readonly subject: string;
  readonly namespace: string;
  readonly holder: string;
  readonly id: string;
}

/** Milliseconds for which a lease counts if its holder cannot be asked. */
const maxUnknownHolderAge = 24 * 3_600_000;

let holder: Promise<string> | undefined;
let leases = 0;

/**
 * Takes a lease. If the cache may not be written, or the disk is full, a lease on a digest has no effect, and
 * the tree can still be used.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export async function acquireLease(paths: CachePaths, subject: LeaseSubject): Promise<Lease> {
  holder ??= becomeHolder();
  leases += 1;
  const number = leases;
  const id = `${await holder}-${number}`;
  const file = path.join(paths.leases, `${subject}.${networkNamespace()}.${id}`);
  try {
    writeFileSync(file, "", { flag: "wx" });
  } catch (error) {
    const keepsNothing = isNotWritable(error) || isDiskFull(error) || isMissing(error);
    if (subject !== "work" && keepsNothing) return { id, release: () => undefined };
    throw diskError(error, "write the cache", file);
  }
  return { id, release: () => removeFileIfAllowed(file) };
}

/** What the leases of running processes keep. */
export interface LiveLeases {
  readonly subjects: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
}

/**
 * Finds the leases whose holders are running, and removes the others.
 *
 * @throws KheadersError `cache-failed`.
 */
export async function liveLeases(paths: CachePaths, now: Date): Promise<LiveLeases> {
  const subjects = new Set<string>();
  const ids = new Set<string>();
  const asked = new Map<string, boolean>();
  for (const file of leaseFiles(paths)) {
    const name = parseLeaseName(file);
    if (name !== undefined && (await isAlive(paths, file, name, asked, now))) {
      subjects.add(name.subject);
      ids.add(name.id);
    } else {
      removeFileIfAllowed(path.join(paths.leases, file));
    }
  }
  return { subjects, ids };
}

async function isAlive(
  paths: CachePaths,
  file: string,
  name: LeaseName,
  asked: Map<string, boolean>,
  now: Date,
): Promise<boolean> {
  if (name.namespace !== networkNamespace()) {
    const taken = statIfThere(path.join(paths.leases, file));
    return taken !== undefined && now.getTime() - taken.mtimeMs < maxUnknownHolderAge;
  }
  const known = asked.get(name.holder);
  if (known !== undefined) return known;
  const lives = await isOwned(holderAddress(name.holder));
  asked.set(name.holder, lives);
  return lives;
}

async function becomeHolder(): Promise<string> {
  const id = nodeCrypto().randomBytes(8).toString("hex");
  await own(holderAddress(id));
  return id;
}

function holderAddress(id: string): string {
  return socketAddress(["holder", id]);
}

/**
 * The inode of the network namespace, where abstract sockets are visible (network_namespaces(7)); 0 if there
 * is none.
 */
function networkNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/net"))?.[0] ?? "0";
  } catch (error) {
    if (isMissing(error) || isNotWritable(error)) return "0";
    throw error;
  }
}

function parseLeaseName(file: string): LeaseName | undefined {
  const match = /^(work|[0-9a-f]{64})\.(\d+)\.(([0-9a-f]{16})-\d+)$/.exec(file);
  const [, subject, namespace, id, by] = match ?? [];
  if (subject === undefined || namespace === undefined || id === undefined || by === undefined)
    return undefined;
  return { subject, namespace, holder: by, id };
}

function leaseFiles(paths: CachePaths): string[] {
  try {
    return readdirSync(paths.leases);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(error, "read the cache", paths.leases);
  }
}
