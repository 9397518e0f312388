import { decodeType } from "./decode.js";
import { type Kind, kinds } from "./kinds.js";
import { MalformedBtf } from "./malformed.js";
import { typesNamed } from "./name-search.js";
import { readSections } from "./sections.js";
import { BtfStrings } from "./strings.js";
import { TypeWords } from "./type-words.js";
import type { BtfType, TypeId } from "./types.js";
import { kindNumber, TypeIndex } from "./walk.js";

/**
 * How many decoded types are kept. A type may have a million elements and be asked for a million times; of such there are
 * few in a file, and with others between them they cost no more than the file's size explains.
 */
const maxDecoded = 4096;

/**
 * The types of a kernel or of a module, as BTF describes them (Linux Documentation/bpf/btf.rst). Types and names are found
 * and decoded when they are asked for. The bytes are hostile: what is wrong with them is a
 * {@link MalformedBtf} when it is met, and nothing takes longer, or more memory, than the file's own size explains. What
 * follows types from one to the next must mind circles; `resolve.ts` does.
 */
export class Btf {
  readonly littleEndian: boolean;
  /** The first type that is this file's own: 1, or for a module's BTF the one after the kernel's last. */
  readonly firstId: TypeId;
  readonly #base: Btf | undefined;
  readonly #words: Uint32Array;
  readonly #index: TypeIndex;
  readonly #strings: BtfStrings;
  readonly #decoded = new Map<TypeId, BtfType>();

  /**
   * @param file Raw BTF.
   * @param base For a module's BTF ("split BTF"): the kernel's.
   */
  constructor(file: Uint8Array, base?: Btf) {
    const sections = readSections(file);
    this.littleEndian = sections.littleEndian;
    if (base === undefined && (sections.strings[0] ?? 0) !== 0)
      throw new MalformedBtf(
        "it is a module's, and cannot be read without the kernel's BTF",
        "Name the kernel's BTF as well: kheaders layout --base FILE",
      );
    if (base !== undefined && base.littleEndian !== this.littleEndian)
      throw new MalformedBtf("the kernel's BTF has another byte order");
    this.#base = base;
    this.#words = sections.types;
    this.#index = new TypeIndex(sections);
    this.#strings = new BtfStrings(sections.strings, base === undefined ? undefined : base.#strings);
    this.firstId = base?.endId ?? 1;
  }

  /** The number after the last type. */
  get endId(): TypeId {
    return this.firstId + this.#index.count;
  }

  /** The kind of a type. */
  kindOf(id: TypeId): Kind {
    if (id === 0) return "void";
    const { owner, start } = this.#find(id);
    return kinds[kindNumber(owner.#words[start + 1] ?? 0)] ?? "unknown";
  }

  /** The name of a type; empty if it has none. */
  nameOf(id: TypeId): string {
    if (id === 0) return "";
    const { owner, start } = this.#find(id);
    return owner.#strings.at(owner.#words[start] ?? 0);
  }

  /** A type, with all that it is made of. */
  type(id: TypeId): BtfType {
    if (id === 0) return { kind: "void" };
    const before = this.#decoded.get(id);
    if (before !== undefined) return before;
    const { owner, start } = this.#find(id);
    const type = decodeType(owner.#words, start, owner.#strings);
    if (this.#decoded.size >= maxDecoded) this.#decoded.clear();
    this.#decoded.set(id, type);
    return type;
  }

  /** The types of that name in the order of the file, whatever their kind; the kernel's first. */
  idsNamed(name: string): TypeId[] {
    const ofKernel = this.#base?.idsNamed(name) ?? [];
    if (name === "") return ofKernel;
    const own = typesNamed(this.#words, this.#index, this.#strings.offsetsOf(name));
    return [...ofKernel, ...own.map((index) => this.firstId + index)];
  }

  /** All types that have a name, in the order of the file; the kernel's first. */
  *named(): Generator<{ readonly id: TypeId; readonly kind: Kind; readonly name: string }> {
    if (this.#base !== undefined) yield* this.#base.named();
    for (let id = this.firstId; ; id += 1) {
      const start = this.#index.startOf(id - this.firstId);
      if (start === undefined) return;
      const offset = this.#words[start] ?? 0;
      if (offset === 0) continue;
      yield { id, kind: this.kindOf(id), name: this.#strings.at(offset) };
    }
  }

  /** The types that are this file's own, not decoded. Of a module's BTF, their numbers do not count from 1. */
  words(): TypeWords {
    return new TypeWords(this.#words, this.#index.starts, this.#strings.bytes);
  }

  #find(id: TypeId): { owner: Btf; start: number } {
    if (this.#base !== undefined && id < this.firstId) return this.#base.#find(id);
    const start = this.#index.startOf(id - this.firstId);
    if (start === undefined) throw new MalformedBtf(`it has no type ${id}`);
    return { owner: this, start };
  }
}
