import type { Btf } from "../../../kernel/btf/btf.js";
import { MalformedBtf } from "../../../kernel/btf/malformed.js";
import { elementOf, maxDepth, resolve, sizeOf } from "../../../kernel/btf/resolve.js";
import type { BtfComposite, TypeId } from "../../../kernel/btf/types.js";
import { Declarer, nameOf } from "../../layout/declaration.js";
import type { ShapeMember, TypeShape } from "../kernel-diff.js";

/** Members, and types that their declarations are made of, in all shapes of one kernel: many times what a kernel has. */
const maxWork = 20_000_000;

/** Reads how types lie in memory. Throws {@link MalformedBtf} for one that has no end. */
export class Shapes {
  readonly #btf: Btf;
  readonly #declarer: Declarer;
  /** Types as C writes them: most are those of many members. */
  readonly #names = new Map<TypeId, string>();
  #left: number;

  /** @param work How much may be done for all shapes. */
  constructor(btf: Btf, work = maxWork) {
    this.#btf = btf;
    this.#left = work;
    this.#declarer = new Declarer(btf, work);
  }

  /** @param id A struct, union or enum, or a typedef of one. */
  of(id: TypeId): TypeShape {
    const { type } = resolve(this.#btf, id, { typedefs: true });
    if (type.kind === "enum" || type.kind === "enum64") {
      this.#spend(type.values.length);
      return { size: type.size, members: [], values: type.values };
    }
    if (type.kind !== "struct" && type.kind !== "union")
      throw new MalformedBtf(`type ${id} in it is not a struct, union or enum`);
    const members: ShapeMember[] = [];
    this.#add(type, 0, "", 0, members);
    return { size: type.size, members, values: [] };
  }

  /** Adds the members of a struct or union that begins at `origin`, in bits. */
  #add(body: BtfComposite, origin: number, prefix: string, depth: number, members: ShapeMember[]): void {
    if (depth > maxDepth) throw new MalformedBtf("a struct in it contains itself");
    this.#spend(body.members.length);
    for (const { name, type, bitOffset, bitSize } of body.members) {
      const path = `${prefix}${name}`;
      const start = origin + bitOffset;
      const isBitField = bitSize !== undefined;
      if (name !== "")
        members.push({
          path,
          type: this.nameOf(type),
          bitOffset: start,
          bitSize: bitSize ?? sizeOf(this.#btf, type) * 8,
          isBitField,
        });
      const { type: element, isArray, isNamed } = elementOf(this.#btf, type);
      const isInline = !isBitField && !isNamed && (element.kind === "struct" || element.kind === "union");
      if (!isInline || element.name !== "") continue;
      const inner = name === "" ? prefix : `${path}${isArray ? "[0]" : ""}.`;
      this.#add(element, start, inner, depth + 1, members);
    }
  }

  /** A type as C writes it without a name. */
  nameOf(id: TypeId): string {
    let name = this.#names.get(id);
    if (name === undefined) {
      name = nameOf(this.#declarer.declarable(id));
      this.#names.set(id, name);
    }
    return name;
  }

  #spend(work: number): void {
    this.#left -= work;
    if (this.#left < 0) throw new MalformedBtf("the structs in it are too large");
  }
}
