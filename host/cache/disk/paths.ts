import path from "node:path";
import { asDigest, type Digest, type KnownKernel } from "../../../shared/identity.js";
import { nodeCrypto } from "../../../shared/node-crypto.js";

/**
 * The number of the cache's layout, raised with every change that an older or newer version would misread.
 */
export const formatNumber = 1;

/** Begins the name of everything that is being made or removed; nothing with such a name is ever served. */
const temporaryPrefix = ".tmp-";

const archiveSuffix = ".tar.xz";
const btfSuffix = ".btf";
const recordSuffix = ".json";

/** The folder of a cache that has BTF files. */
export const btfFolder = "btf";

/** The names that an extra may have; they never come from a device. */
const extraName = /^[a-z][a-z0-9-]*(?:\.[a-z]+)?$/;

/**
 * Where everything lies in a cache folder. Strings that a device chose are only hashed, so that they never
 * become part of a path.
 */
export class CachePaths {
  /** The cache's folder, as the user chose it. */
  readonly root: string;
  /** Where the layout lies: the cache's folder, or one in it. */
  readonly base: string;
  /** Holds the number of the layout. */
  readonly format: string;
  readonly archives: string;
  /** Holds, for each digest, the tree, its record (`.json`) and its manifest (`.manifest`). */
  readonly trees: string;
  /** Holds, for each digest, a folder with what belongs to the tree but does not come from its archive. */
  readonly extras: string;
  readonly entries: string;
  readonly boots: string;
  readonly serials: string;
  readonly leases: string;

  constructor(root: string, inside = "") {
    this.root = path.resolve(root);
    this.base = path.join(this.root, inside);
    this.format = path.join(this.base, "format");
    this.archives = path.join(this.base, "archives");
    this.trees = path.join(this.base, "trees");
    this.extras = path.join(this.base, "extras");
    this.entries = path.join(this.base, "entries");
    this.boots = path.join(this.base, "boots");
    this.serials = path.join(this.base, "serials");
    this.leases = path.join(this.base, "leases");
  }

  /** The folders that every cache has, without the base. The one for extras is made with the first extra. */
  get folders(): string[] {
    return [this.archives, this.trees, this.entries, this.boots, this.serials, this.leases];
  }

  archive(digest: Digest): string {
    return path.join(this.archives, `${digest}${archiveSuffix}`);
  }

  tree(digest: Digest): string {
    return path.join(this.trees, digest);
  }

  record(digest: Digest): string {
    return path.join(this.trees, `${digest}${recordSuffix}`);
  }

  manifest(digest: Digest): string {
    return path.join(this.trees, `${digest}.manifest`);
  }

  extrasOf(digest: Digest): string {
    return path.join(this.extras, digest);
  }

  /** What a digest stands for: it is there as long as the digest was not removed. */
  content(digest: Digest): string {
    return this.tree(digest);
  }

  /** @throws Error for a name that an extra cannot have, which is a bug in kheaders. */
  extra(digest: Digest, name: string): string {
    if (!extraName.test(name)) throw new Error(`not a name for an extra: ${name}`);
    return path.join(this.extrasOf(digest), name);
  }

  entry(id: string): string {
    return path.join(this.entries, `${id}.json`);
  }

  boot(serial: string, bootId: string): string {
    return path.join(this.boots, `${hashOf([serial, bootId])}.json`);
  }

  /** Says which kernel source was used last for a series, as `6.1`. @throws Error for anything else, which is a bug. */
  kbuild(series: string): string {
    if (!/^\d+\.\d+$/.test(series)) throw new Error(`not a series: ${series}`);
    return path.join(this.base, `kbuild-${series}${recordSuffix}`);
  }

  serial(serial: string): string {
    return path.join(this.serials, `${hashOf([serial])}.json`);
  }
}

/**
 * Where the BTF files of kernels lie, in a folder of a cache. The layout is that of the cache, which older versions
 * leave alone. In the place of an archive there is a BTF file, and there are no trees.
 */
export class BtfPaths extends CachePaths {
  constructor(cache: CachePaths) {
    super(cache.root, path.join(path.relative(cache.root, cache.base), btfFolder));
  }

  override archive(digest: Digest): string {
    return path.join(this.archives, `${digest}${btfSuffix}`);
  }

  override content(digest: Digest): string {
    return this.archive(digest);
  }
}

/** The temporary name for what is made under a lease; with `-old`, for what is removed. */
export function nameOfWork(leaseId: string): string {
  return `${temporaryPrefix}${leaseId}`;
}

/** The lease in a name of {@link nameOfWork}; undefined for any other name. */
export function leaseOfName(name: string): string | undefined {
  return /^\.tmp-([0-9a-f]{16}-\d+)(?:-old)?$/.exec(name)?.[1];
}

/** A unique temporary name for a small file. */
export function nameOfSmallFile(): string {
  return `${temporaryPrefix}${nodeCrypto().randomBytes(8).toString("hex")}`;
}

/** Whether a name is one of {@link nameOfSmallFile}. */
export function isNameOfSmallFile(name: string): boolean {
  return /^\.tmp-[0-9a-f]{16}$/.test(name);
}

/** Whether a name is one of the temporary names above. */
export function isTemporaryName(name: string): boolean {
  return isNameOfSmallFile(name) || leaseOfName(name) !== undefined;
}

/** The digest in the name of an archive, a BTF file, a record, a tree or its extras, or undefined for any other name. */
export function digestOfName(name: string): Digest | undefined {
  const suffix =
    [archiveSuffix, btfSuffix, recordSuffix, ".manifest"].find((each) => name.endsWith(each)) ?? "";
  const stem = name.slice(0, name.length - suffix.length);
  return asDigest(stem);
}

/** How the names of all entries of a key begin. Without a fingerprint, the key is the release's own. */
export function entryPrefix(key: Pick<KnownKernel, "fingerprint" | "release">): string {
  return `${hashOf([key.fingerprint ?? null, key.release]).slice(0, 16)}-`;
}

/** Hashes a list of strings; two lists that differ never give the same text to hash. 64 hex digits. */
export function hashOf(parts: readonly (string | null)[]): string {
  return nodeCrypto().hash("sha256", JSON.stringify(parts), "hex");
}
