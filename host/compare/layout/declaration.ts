import type { Btf } from "../../kernel/btf/btf.js";
import { MalformedBtf } from "../../kernel/btf/malformed.js";
import type { BtfType, TypeId } from "../../kernel/btf/types.js";

/** A declaration in C, in two parts: `struct sk_buff *` and `next`, `void` and `(*destructor)(struct sk_buff *)`. */
export interface Declaration {
  readonly type: string;
  /** The name, with what C writes around it; empty if there is no name. */
  readonly declarator: string;
}

/** More types than any declaration of a kernel is made of: a pointer to a function may take one to itself. */
const maxTypes = 1_000;
/** Functions that take functions that take functions. */
const maxDepth = 16;

/** Writes a type as C declares `name` with it. Throws {@link MalformedBtf} for one that never ends. */
export function declarationOf(btf: Btf, id: TypeId, name: string): Declaration {
  return new Declarer(btf).declare(id, name);
}

/** A type as C writes it without a name: `void (*)(int)`. */
export function typeName(btf: Btf, id: TypeId): string {
  return new Declarer(btf).nameOf(id);
}

/** Writes declarations. Throws {@link MalformedBtf} for one that never ends, and when all together were too long. */
export class Declarer {
  readonly #btf: Btf;
  /** Types that may still be looked at: in all declarations, and in this one. */
  #total: number;
  #left = 0;

  /** @param maxWork Types of which all declarations together may be made. */
  constructor(btf: Btf, maxWork: number = maxTypes) {
    this.#btf = btf;
    this.#total = maxWork;
  }

  /** A type without a name. */
  nameOf(id: TypeId): string {
    return joined(this.declare(id, ""));
  }

  /** As {@link declarationOf}. */
  declare(id: TypeId, name: string): Declaration {
    const allowed = Math.min(maxTypes, this.#total);
    this.#left = allowed;
    const declaration = this.#declare(id, name, 0);
    this.#total -= allowed - this.#left;
    return declaration;
  }

  /** Goes from the name outwards, as C reads: what is nearest to the name comes first in BTF, too. */
  #declare(id: TypeId, name: string, depth: number): Declaration {
    if (depth > maxDepth) throw endless();
    let at = id;
    let declarator = name;
    let stars = "";
    let qualifiers: string[] = [];
    let tags: string[] = [];
    const close = () => {
      if (stars !== "") declarator = `(${stars}${declarator})`;
      stars = "";
    };
    for (;;) {
      const type = this.#next(at);
      switch (type.kind) {
        case "const":
        case "volatile":
        case "restrict":
          // An array and its elements may both have it.
          if (!qualifiers.includes(type.kind)) qualifiers.push(type.kind);
          at = type.to;
          break;
        case "type-tag":
          // The kernel's macros for them are called so: __user, __rcu, __percpu.
          tags.push(`__${type.name}`);
          at = type.to;
          break;
        case "pointer":
          stars = `*${[...qualifiers, ...tags].map((word) => `${word} `).join("")}${stars}`;
          qualifiers = [];
          tags = [];
          at = type.to;
          break;
        case "array":
          close();
          declarator += type.count === 0 ? "[]" : `[${type.count}]`;
          at = type.of;
          break;
        case "prototype":
          close();
          declarator += `(${this.#parameters(type, depth)})`;
          at = type.returns;
          break;
        default: {
          const base = [...qualifiers, specifierOf(type), ...tags].join(" ");
          return { type: stars === "" ? base : `${base} ${stars.trimEnd()}`, declarator };
        }
      }
    }
  }

  #parameters({ parameters }: Extract<BtfType, { kind: "prototype" }>, depth: number): string {
    if (parameters.length === 0) return "void";
    return parameters
      .map(({ type }, index) =>
        type === 0 && index === parameters.length - 1 ? "..." : joined(this.#declare(type, "", depth + 1)),
      )
      .join(", ");
  }

  #next(id: TypeId): BtfType {
    this.#left -= 1;
    if (this.#left < 0) throw endless();
    return this.#btf.type(id);
  }
}

function endless(): MalformedBtf {
  return new MalformedBtf("a type in it has no end");
}

function joined({ type, declarator }: Declaration): string {
  if (declarator === "") return type;
  return /\*$/.test(type) || declarator.startsWith("[") ? `${type}${declarator}` : `${type} ${declarator}`;
}

function specifierOf(type: BtfType): string {
  switch (type.kind) {
    case "void":
      return "void";
    case "struct":
    case "union":
      return tagged(type.kind, type.name);
    case "forward":
      return tagged(type.of, type.name);
    case "enum":
    case "enum64":
      return tagged("enum", type.name);
    case "int":
    case "float":
    case "typedef":
      return type.name;
    default:
      throw new MalformedBtf(`a ${type.kind} in it stands where a type is expected`);
  }
}

function tagged(word: string, name: string): string {
  return name === "" ? `${word} {...}` : `${word} ${name}`;
}
