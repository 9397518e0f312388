/**
 * A process that uses a cache as a pull does, started by `cache-children.ts`. Its orders come as JSON in the first
 * argument; each line that it prints is a JSON object: a step that is about to be done, or the result.
 */
import { readFileSync, writeSync } from "node:fs";
import { cacheDir, openCache } from "../../host/cache/index.js";
import { KheadersError } from "../../shared/errors.js";
import type { KernelIdentity } from "../../shared/identity.js";
import { pullInto, type SentArchive } from "./cache-kernels.js";
import { watchWrites } from "./cache-writes.js";
import { writeExtra } from "./extra-folder.js";

/** What a child is to do. */
export interface Orders {
  readonly action:
    | "pull"
    | "verify"
    | "remove"
    | "keep extra"
    | "hold lock"
    | "hold lease"
    | "name the folder";
  readonly dir: string;
  readonly locks?: boolean;
  readonly identity: KernelIdentity;
  readonly serial: string;
  /** A file that {@link readArchive} reads. */
  readonly archive: string;
  /** Dies without a word just before this call (the first is 1) that changes something on the disk. */
  readonly dieAtWrite?: number;
  /** For "hold lease", "remove" and "keep extra". */
  readonly digest?: string;
}

/** What a child says. */
export type Report =
  | { readonly step: string }
  | { readonly writes: number }
  | { readonly hit: boolean; readonly tree: string }
  | { readonly folder: string }
  | { readonly error: string; readonly message: string };

const orders: Orders = JSON.parse(process.argv[2] ?? "");

function say(report: Report): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

/** Reads what `cache-children.ts` wrote. */
function readArchive(file: string): SentArchive {
  const { bytes, entries } = JSON.parse(readFileSync(file, "utf8"));
  const revived = entries.map((entry: { content?: string }) =>
    entry.content === undefined ? entry : { ...entry, content: Buffer.from(entry.content, "base64") },
  );
  return { bytes: Buffer.from(bytes, "base64"), entries: revived };
}

let writes = 0;

/** Counts the calls that change something on the disk, and dies at the one that was ordered. */
function countWrites(): void {
  watchWrites(() => {
    writes += 1;
    if (writes === orders.dieAtWrite) process.kill(process.pid, "SIGKILL");
  });
}

async function obey(): Promise<void> {
  const { action, dir, identity, serial } = orders;
  if (action === "name the folder") return say({ folder: await cacheDir(process.env, undefined) });
  const cache = openCache({ dir, tool: "1.2.3", locks: orders.locks ?? true });
  const digests = orders.digest === undefined ? [] : await cache.digestsMatching(orders.digest);
  countWrites();
  switch (action) {
    case "pull": {
      const { hit, tree } = await pullInto(cache, {
        identity,
        serial,
        archive: () => readArchive(orders.archive),
        onStep: (step) => say({ step }),
        onWait: () => say({ step: "waiting" }),
      });
      say({ hit, tree });
      return say({ writes });
    }
    case "verify":
      await cache.verify({ repair: true });
      return say({ writes });
    case "remove":
      await cache.remove(digests);
      return say({ writes });
    case "keep extra": {
      const [digest] = digests;
      if (digest === undefined) throw new Error("no such digest");
      await cache.keepExtra(digest, "build", async (path) => {
        say({ step: "making" });
        writeExtra(path);
      });
      return say({ writes });
    }
    case "hold lock":
      await cache.lock(identity, { onWait: () => say({ step: "waiting" }) });
      break;
    case "hold lease":
      for (const digest of digests) await cache.acquireLease(digest);
      break;
  }
  say({ step: "holding" });
  process.stdin.resume();
}

obey().catch((error: unknown) => {
  const code = error instanceof KheadersError ? error.code : "internal-error";
  say({ error: code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
