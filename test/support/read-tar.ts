import { type ArchiveLimits, archiveLimits } from "../../host/archive/limits.js";
import { ArchiveReader, type Member } from "../../host/archive/reader.js";
import { KheadersError } from "../../shared/errors.js";

export interface ReadTarOptions {
  readonly limits?: Partial<ArchiveLimits>;
  readonly caseInsensitive?: boolean;
  /** Bytes that are pushed at once. */
  readonly pieces?: number;
}

/** Reads a whole tar archive (not compressed). Gives its members, or throws. */
export function readTar(bytes: Uint8Array, options: ReadTarOptions = {}): Member[] {
  return readTarWithWarnings(bytes, options).members;
}

/** As {@link readTar}, with what the user is told. */
export function readTarWithWarnings(
  bytes: Uint8Array,
  options: ReadTarOptions = {},
): { members: Member[]; warnings: string[] } {
  const reader = new ArchiveReader({
    limits: { ...archiveLimits, ...options.limits },
    caseInsensitive: options.caseInsensitive ?? false,
  });
  const size = options.pieces ?? 64 * 1024;
  const members: Member[] = [];
  for (let offset = 0; offset < bytes.length; offset += size) {
    members.push(...reader.push(bytes.subarray(offset, offset + size)).map(kept));
  }
  return { members, warnings: reader.end() };
}

/** A member whose content stays. */
export function kept(member: Member): Member {
  return member.type === "file" ? { ...member, content: Buffer.from(member.content) } : member;
}

/** Reads an archive that must not be accepted, and gives the reason. */
export function refusal(bytes: Uint8Array, options: ReadTarOptions = {}): KheadersError {
  try {
    readTar(bytes, options);
  } catch (error) {
    if (error instanceof KheadersError) return error;
    throw error;
  }
  throw new Error("the archive was accepted");
}
