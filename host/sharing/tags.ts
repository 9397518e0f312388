import { createHash } from "node:crypto";
import type { Digest, KnownKernel } from "../../shared/identity.js";
import { isStamped } from "../cache/index.js";
import { buildNumberIn } from "../kernel/public-build.js";
import { asTag, type Tag } from "../store/repository.js";

/** What is known of a kernel that its tags are made of. */
export type TaggedKernel = Pick<KnownKernel, "release" | "version" | "machine" | "buildId"> & {
  /** See {@link optionsDigestOf}. */
  readonly optionsDigest: Digest | undefined;
};

/** A tag of a kernel. */
export interface KernelTag {
  readonly tag: Tag;
  /**
   * Whether it names one kernel. Kernels that were built without a stamp may share release, version, machine and
   * configuration: there the tag only says that the store has such a kernel, and the build-id decides.
   */
  readonly isUnique: boolean;
}

/** The tags under which a kernel is stored: of its build-id, and of all else that makes it. Never of a release alone. */
export function tagsOf(kernel: TaggedKernel): KernelTag[] {
  const { release, version, machine, buildId, optionsDigest } = kernel;
  const named = optionsDigest === undefined ? [] : [hashTag(release, version, machine, optionsDigest)];
  return [...buildIdTags(buildId), ...named.map((tag) => ({ tag, isUnique: isStamped(release, version) }))];
}

/**
 * The tags under which a running kernel may be found, the surest first. Headers that were imported may lack the version; a
 * release that names its public build needs none.
 */
export function tagsToAsk(kernel: TaggedKernel): Tag[] {
  const { release, version, machine, buildId, optionsDigest } = kernel;
  const byBuildId = buildIdTags(buildId).map(({ tag }) => tag);
  if (optionsDigest === undefined) return byBuildId;
  const versions = buildNumberIn(release) === undefined ? [version] : [version, undefined];
  return [...byBuildId, ...versions.map((each) => hashTag(release, each, machine, optionsDigest))];
}

/** Whether a tag is one of ours. Others may use the repository, too. */
export function isKernelTag(tag: string): boolean {
  return /^(?:buildid-[0-9a-f]+|kernel-[0-9a-f]{64})$/.test(tag);
}

function buildIdTags(buildId: string | undefined): KernelTag[] {
  const tag = buildId === undefined ? undefined : asTag(`buildid-${buildId}`);
  return tag === undefined ? [] : [{ tag, isUnique: true }];
}

function hashTag(
  release: string,
  version: string | undefined,
  machine: string | undefined,
  optionsDigest: Digest,
): Tag {
  const text = JSON.stringify([release, version ?? null, machine ?? null, optionsDigest]);
  const tag = asTag(`kernel-${createHash("sha256").update(text).digest("hex")}`);
  if (tag === undefined) throw new Error("a tag was not made");
  return tag;
}
