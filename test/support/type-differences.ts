import { run } from "../lab/command.js";

/** A type as `bpftool -j btf dump` prints it. */
interface Dumped {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly ret_type_id?: number;
  readonly nr_elems?: number;
  readonly fwd_kind?: string;
  readonly members?: readonly {
    readonly name: string;
    readonly type_id: number;
    readonly bits_offset: number;
    readonly bitfield_size?: number;
  }[];
  readonly params?: readonly { readonly type_id: number }[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
}

const anonymous = "(anon)";
const words: Readonly<Record<string, string>> = {
  STRUCT: "struct",
  UNION: "union",
  ENUM: "enum",
  ENUM64: "enum",
};

/**
 * The named structs, unions and enums of a file with BTF as bpftool reads them: for each kind and name, a text for each type
 * of it, which is the same for types that are. This shares no code with what is tested.
 */
export async function namedShapes(path: string): Promise<Map<string, string[]>> {
  const { types }: { types: Dumped[] } = JSON.parse(
    await run("bpftool", ["-j", "btf", "dump", "file", path]),
  );
  const byId = new Map(types.map((type) => [type.id, type]));
  const get = (id: number): Dumped => byId.get(id) ?? { id: 0, kind: "VOID", name: "" };

  /** The type as it is written, without its name: what a named one has does not count. */
  const written = (id: number): string => {
    const type = get(id);
    switch (type.kind) {
      case "CONST":
      case "VOLATILE":
      case "RESTRICT":
      case "PTR":
        return `${type.kind} ${written(type.type_id ?? 0)}`;
      case "TYPE_TAG":
        return `tag ${type.name} ${written(type.type_id ?? 0)}`;
      case "ARRAY":
        return `[${type.nr_elems}] ${written(type.type_id ?? 0)}`;
      case "FUNC_PROTO":
        return `(${(type.params ?? []).map((each) => written(each.type_id)).join(", ")}) ${written(type.ret_type_id ?? 0)}`;
      case "FWD":
        return `${type.fwd_kind} ${type.name}`;
      default:
        return `${words[type.kind] ?? type.kind} ${type.name}`;
    }
  };
  const bare = (id: number): Dumped => {
    const type = get(id);
    const isModifier = ["CONST", "VOLATILE", "RESTRICT", "TYPEDEF", "TYPE_TAG"].includes(type.kind);
    return isModifier ? bare(type.type_id ?? 0) : type;
  };
  const sizeOf = (id: number): number => {
    const { kind, size = 0, type_id = 0, nr_elems = 0 } = bare(id);
    if (kind === "ARRAY") return nr_elems * sizeOf(type_id);
    return kind === "PTR" ? 8 : size;
  };
  /** The struct without a name that a member has in it. */
  const inline = (id: number): Dumped | undefined => {
    const type = get(id);
    if (["CONST", "VOLATILE", "RESTRICT", "TYPE_TAG", "ARRAY"].includes(type.kind))
      return inline(type.type_id ?? 0);
    return (type.kind === "STRUCT" || type.kind === "UNION") && type.name === anonymous ? type : undefined;
  };
  const members = (type: Dumped, origin: number, prefix: string): string[] =>
    (type.members ?? []).flatMap(({ name, type_id, bits_offset, bitfield_size = 0 }) => {
      const at = origin + bits_offset;
      const own =
        name === anonymous
          ? []
          : [`${prefix}${name}@${at}:${bitfield_size || sizeOf(type_id) * 8} ${written(type_id)}`];
      const inner = bitfield_size === 0 ? inline(type_id) : undefined;
      if (inner === undefined) return own;
      return [...own, ...members(inner, at, name === anonymous ? prefix : `${prefix}${name}.`)];
    });
  const shape = (type: Dumped) =>
    [
      type.size,
      ...[...members(type, 0, ""), ...(type.values ?? []).map(({ name, val }) => `${name}=${val}`)].sort(),
    ].join("\n");

  const named = new Map<string, string[]>();
  for (const type of types) {
    const target = type.kind === "TYPEDEF" ? get(type.type_id ?? 0) : type;
    const word = words[target.kind];
    const isOwn = type === target ? type.name !== anonymous : target.name === anonymous;
    if (word === undefined || !isOwn) continue;
    const key = `${word} ${type.name}${type === target ? "" : " (typedef)"}`;
    named.set(key, [...(named.get(key) ?? []), shape(target)]);
  }
  return named;
}

/** What became of named types: a line for each that differs, as `changed struct sock`, sorted; and how many are the same. */
export function differencesOf(
  old: ReadonlyMap<string, readonly string[]>,
  now: ReadonlyMap<string, readonly string[]>,
): { lines: string[]; same: number } {
  const lines: string[] = [];
  let same = 0;
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const left = [...(now.get(key) ?? [])];
    const differing = (old.get(key) ?? []).filter((shape) => {
      const at = left.indexOf(shape);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    same += (old.get(key)?.length ?? 0) - differing.length;
    for (let index = 0; index < Math.max(differing.length, left.length); index += 1) {
      const change = index >= differing.length ? "added" : index >= left.length ? "removed" : "changed";
      lines.push(`${change} ${key}`);
    }
  }
  return { lines: lines.sort(), same };
}
