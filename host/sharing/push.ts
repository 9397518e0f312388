import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Cache, CacheEntry } from "../cache/index.js";
import { digestOfBytes } from "../store/content.js";
import { emptyConfig, formatManifest } from "../store/manifest.js";
import type { Content, Descriptor, Repository, Tag } from "../store/repository.js";
import { type FoundKernel, readKernel } from "./find.js";
import { manifestOf, type PartName, partNames, type StoredKernel } from "./kernel-manifest.js";
import { archiveOf, optionsDigestOfTree, partsOf } from "./own-parts.js";
import { joined, mayBeSame } from "./same-kernel.js";
import { type KernelTag, tagsOf } from "./tags.js";

/** How to put a kernel into a store. */
export interface PushOptions {
  readonly cache: Cache;
  /** Lets the tags of the kernel name it, whatever they name now. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
}

/** What was done with a kernel. */
export interface PushedKernel {
  readonly entry: CacheEntry;
  readonly parts: readonly PartName[];
  readonly tags: readonly string[];
  /** `stored`: it was not there, or what it had was added to; `unchanged`: all of it was there. */
  readonly outcome: "stored" | "unchanged";
}

/**
 * Puts a kernel of the cache into a store: its archive, what belongs to it, and the manifest that its tags name. What is there
 * already is not sent again; what others stored of the same archive stays in the manifest.
 *
 * Throws `store-conflict` if a tag names other headers, unless they are to be replaced; `not-cached` if the cache no longer
 * has it; and what the repository and the cache throw.
 */
export async function pushKernel(
  repository: Repository,
  entry: CacheEntry,
  options: PushOptions,
): Promise<PushedKernel> {
  const { cache, signal } = options;
  const lease = await cache.acquireLease(entry.digest);
  try {
    const tree = await cache.open(entry, { signal });
    if (tree === undefined)
      throw new KheadersError("not-cached", `the cache no longer has ${entry.digest.slice(0, 12)}`);
    const archive = archiveOf(entry, tree.archive, signal);
    const own = partsOf(cache, entry, signal);
    const about = {
      kernel: entry.kernel,
      optionsDigest: optionsDigestOfTree(tree.tree),
      source: sourceOf(entry),
    };
    const plan = await planPush(repository, { ...about, archive, parts: own }, options);
    const done = { entry, parts: [...plan.stored.parts.keys()], tags: plan.tags.map(({ tag }) => tag) };
    if (plan.isThere) return { ...done, outcome: "unchanged" };
    await putAll(repository, [archive, ...own.values(), emptyConfig], signal);
    for (const { tag } of plan.tags) await repository.putManifest(tag, plan.manifest, signal);
    return { ...done, outcome: "stored" };
  } finally {
    lease.release();
  }
}

/** What is to be stored: what the store has of the kernel, with what it lacks. */
interface PushPlan {
  readonly stored: StoredKernel;
  /** It, as bytes. */
  readonly manifest: Buffer;
  /** The tags that shall name it. */
  readonly tags: readonly KernelTag[];
  /** All of them name all of it already. */
  readonly isThere: boolean;
}

async function planPush(
  repository: Repository,
  own: StoredKernel,
  { replace, signal }: PushOptions,
): Promise<PushPlan> {
  const all = tagsOf({ ...own.kernel, optionsDigest: own.optionsDigest });
  const present: FoundKernel[] = [];
  const tags: KernelTag[] = [];
  for (const tag of all) {
    const there = await presentAt(repository, tag.tag, replace, signal);
    const isSame = there?.archive.digest === own.archive.digest && mayBeSame(there.kernel, own.kernel);
    if (replace || there === undefined || isSame) tags.push(tag);
    else if (tag.isUnique) throw conflict(repository, own, there, tag.tag);
    if (there !== undefined && isSame) present.push(there);
  }
  if (tags.length === 0) throw notNamed(own);
  const stored = [...present, own].reduce(addTo);
  const manifest = formatManifest(manifestOf(stored));
  const digest = digestOfBytes(manifest);
  const isThere = present.length === tags.length && present.every((each) => each.manifest === digest);
  return { stored, manifest, tags, isThere };
}

/** Adds to a kernel what another host knows of it besides. */
function addTo(first: StoredKernel, second: StoredKernel): StoredKernel {
  const parts = new Map<PartName, Descriptor>();
  for (const name of partNames) {
    const part = first.parts.get(name) ?? second.parts.get(name);
    if (part !== undefined) parts.set(name, part);
  }
  return {
    ...first,
    kernel: joined(first.kernel, second.kernel),
    optionsDigest: first.optionsDigest ?? second.optionsDigest,
    parts,
  };
}

/** What a tag names now. Something else than a kernel is in the way, unless it is to be replaced. */
async function presentAt(
  repository: Repository,
  tag: Tag,
  replace: boolean,
  signal: AbortSignal,
): Promise<FoundKernel | undefined> {
  try {
    return await readKernel(repository, tag, signal);
  } catch (error) {
    if (!(error instanceof KheadersError) || error.code !== "store-corrupt" || !replace) throw error;
    return undefined;
  }
}

async function putAll(
  repository: Repository,
  contents: readonly Content[],
  signal: AbortSignal,
): Promise<void> {
  for (const content of contents) await repository.putBlob(content, signal);
}

/** What another store gave is, for others, as it came to that store: from a file. */
function sourceOf({ source }: CacheEntry): StoredKernel["source"] {
  return source === "store" ? "file" : source;
}

function conflict(repository: Repository, own: StoredKernel, there: FoundKernel, tag: string): KheadersError {
  const release = printable(own.kernel.release);
  return new KheadersError(
    "store-conflict",
    `the store ${printable(repository.address, 400)} has another kernel ${release} under ${tag}: headers ${there.archive.digest.slice(0, 12)}`,
    {
      hint: `They stay. To store these instead: kheaders store push ${own.archive.digest.slice(0, 12)} --replace`,
    },
  );
}

function notNamed({ kernel }: StoredKernel): KheadersError {
  return new KheadersError(
    "store-conflict",
    `nothing would tell these headers of ${printable(kernel.release)} from others: they have no build-id, and the store has a kernel that looks the same`,
    { hint: "Import them with the kernel's boot image or vmlinux, which have its build-id." },
  );
}
