import { run } from "../lab/command.js";

/** A member of a struct, wherever in its anonymous members it lies. */
export interface PlainMember {
  readonly name: string;
  /** Bits from the beginning of the struct. */
  readonly at: number;
  /** Bytes of its type. */
  readonly size: number;
  /** Of a bit field; 0 for any other member. */
  readonly bits: number;
}

/** A type as `bpftool -j btf dump` prints it. */
interface Dumped {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly DumpedMember[];
}

interface DumpedMember {
  readonly name: string;
  readonly type_id: number;
  readonly bits_offset: number;
  readonly bitfield_size?: number;
}

/** The types of a file with BTF as bpftool reads them, which shares no code with us. */
export class BpftoolTypes {
  readonly #types: ReadonlyMap<number, Dumped>;

  private constructor(types: readonly Dumped[]) {
    this.#types = new Map(types.map((type) => [type.id, type]));
  }

  static async of(path: string): Promise<BpftoolTypes> {
    const { types }: { types: Dumped[] } = JSON.parse(
      await run("bpftool", ["-j", "btf", "dump", "file", path]),
    );
    return new BpftoolTypes(types);
  }

  /** The size of a struct, and its members with those of its anonymous members. */
  struct(name: string): { size: number; members: PlainMember[] } {
    for (const type of this.#types.values())
      if (type.kind === "STRUCT" && type.name === name)
        return { size: type.size ?? 0, members: this.#members(type, 0) };
    throw new Error(`there is no struct ${name}`);
  }

  #members({ members = [] }: Dumped, origin: number): PlainMember[] {
    return members.flatMap(({ name, type_id, bits_offset, bitfield_size = 0 }) => {
      const at = origin + bits_offset;
      if (name === "(anon)") return this.#members(this.#bare(type_id), at);
      return [{ name, at, size: this.#size(type_id), bits: bitfield_size }];
    });
  }

  #size(id: number): number {
    const { kind, size, type_id = 0, nr_elems = 0 } = this.#bare(id);
    if (kind === "ARRAY") return nr_elems * this.#size(type_id);
    return kind === "PTR" ? 8 : (size ?? 0);
  }

  #bare(id: number): Dumped {
    const type = this.#types.get(id);
    if (type === undefined) throw new Error(`there is no type ${id}`);
    const isModifier = ["CONST", "VOLATILE", "RESTRICT", "TYPEDEF", "TYPE_TAG"].includes(type.kind);
    return isModifier ? this.#bare(type.type_id ?? 0) : type;
  }
}

/** A member as `kheaders layout --json` prints it. */
interface ShownMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly bits: { readonly offset: number; readonly size: number } | null;
  readonly members: readonly ShownMember[] | null;
}

/** What `kheaders layout --json` prints of a struct. */
export interface ShownStruct {
  readonly name: string;
  readonly size: number;
  readonly members: readonly ShownMember[];
}

/** What it prints, in the form of {@link BpftoolTypes.struct}. */
export function plainMembers(members: readonly ShownMember[]): PlainMember[] {
  return members.flatMap(({ name, offset, size, bits, members }) => {
    if (name === "" && members !== null) return plainMembers(members);
    return [{ name, at: offset * 8 + (bits?.offset ?? 0), size, bits: bits?.size ?? 0 }];
  });
}
