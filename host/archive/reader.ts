import { corrupt, overLimit } from "./errors.js";
import { StepReader } from "./steps.js";
import { tarMembers } from "./tar/members.js";
import { type Member, TreeCheck, type TreeRules } from "./tar/tree-check.js";

export type { Member, TreeRules } from "./tar/tree-check.js";

/**
 * Turns the bytes of a tar archive into the checked entries of a tree. Synchronous, and holds no more than the content
 * of one file. It touches no file system, and does not look at permissions except for the executable bit.
 *
 * What it gave is only good once `end()` has returned: until then the archive may still be refused, by `push` or `end`,
 * with `archive-refused` (the message names the entry) or `archive-corrupt`.
 */
export class ArchiveReader {
  readonly #rules: TreeRules;
  readonly #tree: TreeCheck;
  readonly #reader: StepReader;
  #entries: Member[] = [];
  #unpacked = 0;

  constructor(rules: TreeRules) {
    this.#rules = rules;
    this.#tree = new TreeCheck(rules);
    this.#reader = new StepReader(
      tarMembers(rules.limits, (member) => {
        for (const entry of this.#tree.add(member)) this.#entries.push(entry);
      }),
    );
  }

  /**
   * Takes the next bytes and gives the entries that they complete. A file's content may be a view of the chunk, which
   * must not be changed afterwards.
   */
  push(chunk: Uint8Array): Member[] {
    this.#unpacked += chunk.length;
    const { unpackedBytes } = this.#rules.limits;
    if (this.#unpacked > unpackedBytes) throw overLimit("its unpacked size", unpackedBytes, "bytes");
    // A part of a Buffer takes much longer to make than one of a Uint8Array, and there are thousands of them.
    this.#reader.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** To be called after the last byte. */
  end(): void {
    if (!this.#reader.complete) throw corrupt(`the tar archive breaks off after ${this.#unpacked} bytes`);
    this.#tree.end();
  }
}
