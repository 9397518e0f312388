import { join } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { waitingEvent } from "../../shared/progress.js";
import { moduleFolders } from "../../shared/protocol.js";
import { withAdbdRoot } from "../adb/adbd-root.js";
import type { Device } from "../adb/devices.js";
import { findDevice } from "../adb/wait.js";
import { AgentRefusal, type Conversation } from "../agent/conversation.js";
import type { ModuleListing } from "../agent/module-listing.js";
import { becomeRoot } from "../agent/su.js";
import { withConversation } from "../agent/with-conversation.js";
import type { Cache, CacheEntry } from "../cache/index.js";
import { readTreeFacts, type TreeFacts } from "../kernel/tree-facts.js";
import type { PullOptions } from "../pull/options.js";
import { pull } from "../pull/pull.js";
import type { PullResult } from "../pull/result.js";
import { holdTree } from "../pull/tree/hold.js";
import { describeSkipped, type SkippedModule, SymbolCollection } from "./collection.js";
import { readSymversRecord, type SymversRecord, symversName, textName, writeSymvers } from "./record.js";

/** The symbol versions of a kernel. */
export interface Symvers extends SymversRecord {
  /** Path of `Module.symvers` in the cache. */
  readonly path: string;
  readonly serial: string | undefined;
  /** Of the kernel, as `uname -r`. */
  readonly release: string;
  readonly cache: "hit" | "miss";
}

/**
 * Returns the symbol versions of the kernel that a device runs. Its modules have them and its headers do not. They come
 * from the cache, else from the device. The headers are pulled if need be.
 *
 * @param options `refresh` applies only to the symbol versions.
 * @throws KheadersError `no-symbol-versions` if the kernel has none, or the device has none of its modules;
 * `symbol-conflict` if its modules are of two kernels; `not-cached` with `offline`; `archive-mismatch` with `allowMismatch`; and what {@link pull}
 * throws.
 */
export function symvers(options: PullOptions): Promise<Symvers> {
  return withSymvers(options, async (found) => found);
}

/** As {@link symvers}, and runs `work` on them. Until it ends they are neither pruned nor removed. */
export function withSymvers<T>(options: PullOptions, work: (found: Symvers) => Promise<T>): Promise<T> {
  return holdTree(
    options.cache,
    () => pull({ ...options, refresh: false }),
    async (pulled) => work(await symversOf(pulled, options)),
  );
}

/** As {@link symvers}, of a kernel whose headers were pulled just now and are held. */
export async function symversOf(pulled: PullResult, options: PullOptions): Promise<Symvers> {
  const { cache, refresh, signal, onProgress } = options;
  const { entry, serial } = pulled;
  const { release } = pulled.kernel;
  if (entry === undefined) {
    throw new KheadersError(
      "archive-mismatch",
      "these headers are not the running kernel's, so its symbol versions do not fit them",
    );
  }
  const facts = readTreeFacts(pulled.tree);
  if (!facts.config.has("CONFIG_MODVERSIONS")) {
    throw new KheadersError(
      "no-symbol-versions",
      `the kernel ${printable(release)} has no symbol versions (CONFIG_MODVERSIONS is not set)`,
      { hint: "Its modules need none: build them without Module.symvers." },
    );
  }
  const known = refresh ? undefined : cachedSymvers(cache, entry);
  // A collection made without access to every folder is used only if root is still out of reach.
  if (known !== undefined && (!known.isPartial || options.root === "never" || options.offline)) {
    warnOf(known, options);
    return { ...known, serial, release, cache: "hit" };
  }
  if (options.offline || serial === undefined) {
    throw new KheadersError("not-cached", `the symbol versions of ${printable(release)} are not cached`, {
      hint: "Collect them once without --offline: kheaders symvers",
    });
  }
  const device = await findDevice(
    options.server,
    { serial },
    { waitSeconds: 0, onWait: () => undefined, signal },
  );
  const make = (folder: string) =>
    withAdbdRoot(device, options, async (reached) => {
      const { text, record } = await collect(reached, pulled, facts, options);
      writeSymvers(folder, text, record);
    });
  await cache.keepExtra(entry.digest, symversName(entry), make, {
    replace: refresh || known !== undefined,
    signal,
    onWait: (pid) => onProgress(waitingEvent("waiting-for-device-lock", pid)),
  });
  const kept = cachedSymvers(cache, entry);
  if (kept === undefined)
    throw new KheadersError("cache-failed", "the symbol versions were removed by another kheaders", {
      hint: "Try again.",
    });
  warnOf(kept, options);
  return { ...kept, serial, release, cache: "miss" };
}

/** The symbol versions that the cache has of a kernel. */
export function cachedSymvers(
  cache: Cache,
  entry: CacheEntry,
): (SymversRecord & { readonly path: string }) | undefined {
  const folder = cache.extra(entry.digest, symversName(entry));
  const record = folder && readSymversRecord(folder);
  return record && folder ? { ...record, path: join(folder, textName) } : undefined;
}

/** What was collected: the text of `Module.symvers`, and how. */
interface Collected {
  readonly text: string;
  readonly record: SymversRecord;
}

async function collect(
  device: Device,
  pulled: PullResult,
  facts: TreeFacts,
  options: PullOptions,
): Promise<Collected> {
  options.onProgress({ type: "stage", stage: "connecting", detail: printable(device.serial) });
  try {
    return await withConversation(device, options, async (conversation) => {
      assertSameKernel(conversation, pulled);
      return await collectAs(conversation, facts, options);
    });
  } catch (error) {
    throw error instanceof AgentRefusal ? confined(error) : error;
  }
}

/** Collects what the shell can read; as root if that is too little and root is allowed. */
async function collectAs(
  conversation: Conversation,
  facts: TreeFacts,
  options: PullOptions,
): Promise<Collected> {
  const { root, onProgress } = options;
  const listAsRoot = async (purpose: string) => {
    if (root !== "su") throw needsRoot(purpose);
    onProgress({ type: "stage", stage: "becoming-root" });
    await becomeRoot(conversation, purpose);
    onProgress({ type: "stage", stage: "reading-modules" });
    return conversation.modules();
  };
  onProgress({ type: "stage", stage: "reading-modules" });
  let isRoot = conversation.hello.uid === 0;
  let listing = await conversation.modules();
  const seesNone = listing.modules.length === 0;
  // SELinux may hide folders as if they did not exist. Hidden and denied folders are listed as root, unless that is ruled out.
  if (!isRoot && (root === "never" ? seesNone && listing.isPartial : seesNone || listing.isPartial)) {
    listing = await listAsRoot(`${placesOf(listing)} can only be listed as root`);
    isRoot = true;
  }
  try {
    return await readModules(conversation, listing, facts, options);
  } catch (error) {
    if (!(error instanceof AgentRefusal) || isRoot) throw error;
    const purpose = `${printable(error.path ?? "a module")} can only be read as root`;
    return await readModules(conversation, await listAsRoot(purpose), facts, options);
  }
}

async function readModules(
  conversation: Conversation,
  listing: ModuleListing,
  facts: TreeFacts,
  { onProgress }: PullOptions,
): Promise<Collected> {
  const collection = new SymbolCollection(listing.modules, facts, listing.loaded);
  const total = collection.wanted.length;
  let done = 0;
  let bytes = 0;
  for await (const { module, content } of conversation.take(collection.wanted)) {
    collection.add(module, content);
    done += 1;
    bytes += content.length;
    onProgress({ type: "modules", done, total, bytes });
  }
  collection.end();
  const { versions, modules, skipped } = collection;
  if (versions.size === 0) throw noVersions(total, skipped);
  const { isPartial, denied, hasUnusableNames } = listing;
  const possibleNamespaces = versions.possibleNamespaces();
  const counts = { symbols: versions.size, modules, bytes };
  const record = { ...counts, skipped, isPartial, denied, hasUnusableNames, possibleNamespaces };
  return { text: versions.text(), record };
}

/** Since the pull, the device may have been booted into another kernel. */
function assertSameKernel({ hello }: Conversation, { kernel }: PullResult): void {
  const isSame =
    hello.bootId === kernel.bootId && hello.release === kernel.release && hello.version === kernel.version;
  if (isSame) return;
  throw new KheadersError("device-lost", "the device was rebooted", { hint: "Try again." });
}

function placesOf(listing: ModuleListing): string {
  if (listing.denied.length === 0)
    return listing.isPartial ? "some of the device's module folders" : "the device's modules";
  return listing.denied.map((folder) => printable(folder)).join(", ");
}

function needsRoot(purpose: string): KheadersError {
  return new KheadersError("needs-root", purpose, {
    hint: "Root the device, or use a userdebug build with --root.",
  });
}

function confined(refusal: AgentRefusal): KheadersError {
  return new KheadersError(
    "not-permitted",
    `${printable(refusal.path ?? "a module")} cannot be read even as root`,
    { hint: "SELinux seems to confine the root shell: adb shell dmesg | grep avc" },
  );
}

function noVersions(modules: number, skipped: readonly SkippedModule[]): KheadersError {
  const left = describeSkipped(skipped).map((line) => `; ${line}`);
  return new KheadersError(
    "no-symbol-versions",
    modules === 0
      ? `no module on the device has symbol versions. Searched: ${moduleFolders.join(", ")}${left.join("")}`
      : `the device's modules (${modules}) have no symbol versions${left.join("")}`,
    { hint: "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm)." },
  );
}

/** Warns about what was left out each time the symbol versions are used, because some may be missing. */
function warnOf(record: SymversRecord, { onProgress }: PullOptions): void {
  const warn = (message: string) => onProgress({ type: "warning", message });
  if (record.isPartial) {
    const where = record.denied.map((folder) => printable(folder)).join(", ") || "some folders";
    warn(`${where} cannot be listed without root: symbols that only modules there import are missing`);
  }
  if (record.hasUnusableNames) warn("modules whose names have a line break or are not UTF-8 were left out");
  for (const line of describeSkipped(record.skipped)) warn(line);
}
