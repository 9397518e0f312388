import { printable } from "../../shared/printable.js";
import { corrupt, overLimit } from "./errors.js";
import { TarMembers } from "./tar/members.js";
import { type Member, TreeCheck, type TreeRules } from "./tar/tree-check.js";

export type { Member, TreeRules } from "./tar/tree-check.js";

/**
 * Turns the bytes of a tar archive into the checked members of a tree. Synchronous, and holds no more than the content
 * of one file. It touches no file system, and ignores permissions except for the executable bit.
 *
 * What it gave is only good once `end()` has returned: until then the archive may still be refused, by `push` or `end`,
 * with `archive-refused` (the message names the member) or `archive-corrupt`.
 */
export class ArchiveReader {
  readonly #rules: TreeRules;
  readonly #tree: TreeCheck;
  readonly #tar: TarMembers;
  #members: Member[] = [];
  #unpacked = 0;

  constructor(rules: TreeRules) {
    this.#rules = rules;
    this.#tree = new TreeCheck(rules);
    this.#tar = new TarMembers(rules.limits, (member) => this.#tree.add(member, this.#members));
  }

  /**
   * Takes the next bytes and gives the members that they complete. A file's content is good until the next `push`; the
   * chunk may be used again at once.
   */
  push(chunk: Uint8Array): Member[] {
    this.#unpacked += chunk.length;
    const { unpackedBytes } = this.#rules.limits;
    if (this.#unpacked > unpackedBytes) throw overLimit("its unpacked size", unpackedBytes, "bytes");
    this.#tar.push(chunk);
    const members = this.#members;
    this.#members = [];
    return members;
  }

  /** To be called after the last byte. Gives warnings for the user. */
  end(): string[] {
    if (!this.#tar.complete) throw corrupt(`the tar archive breaks off after ${this.#unpacked} bytes`);
    this.#tree.end();
    const { leftOut } = this.#tree;
    return leftOut.length === 0 ? [] : [describeLeftOut(leftOut)];
  }
}

function describeLeftOut(paths: readonly string[]): string {
  const named = paths.slice(0, 3).map((path) => printable(path));
  const more = paths.length > named.length ? ` and ${paths.length - named.length} more` : "";
  const what =
    paths.length === 1
      ? "it is a link out of the kernel's source tree"
      : "they are links out of the kernel's source tree";
  return `left out of the headers: ${named.join(", ")}${more} (${what})`;
}
