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

/** How C declares anything of a type: what stands before and after its name. */
export interface Declarable {
  /** `struct sk_buff *`, `void` */
  readonly type: string;
  /** `(*` */
  readonly before: string;
  /** `)(struct sk_buff *)` */
  readonly after: string;
}

/** A name as C declares it with a type. */
export function declarationOf({ type, before, after }: Declarable, name: string): Declaration {
  return { type, declarator: `${before}${name}${after}` };
}

/** A type as C writes it without a name: `void (*)(int)`. */
export function nameOf(declarable: Declarable): string {
  const { type, declarator } = declarationOf(declarable, "");
  if (declarator === "") return type;
  return type.endsWith("*") || declarator.startsWith("[") ? `${type}${declarator}` : `${type} ${declarator}`;
}

/** As {@link nameOf}. Throws {@link MalformedBtf} for a type that never ends. */
export function typeName(btf: Btf, id: TypeId): string {
  return nameOf(new Declarer(btf).declarable(id));
}

/** Finds how types are declared. Throws {@link MalformedBtf} for one that never ends, and when all together were too long. */
export class Declarer {
  readonly #btf: Btf;
  /** Types that may still be looked at: for all of them, and for this one. */
  #total: number;
  #left = 0;

  /** @param maxWork Types that may be looked at for all together. */
  constructor(btf: Btf, maxWork: number = maxTypes) {
    this.#btf = btf;
    this.#total = maxWork;
  }

  /** How a type is declared. */
  declarable(id: TypeId): Declarable {
    const allowed = Math.min(maxTypes, this.#total);
    this.#left = allowed;
    const found = this.#declarable(id, 0);
    this.#total -= allowed - this.#left;
    return found;
  }

  /** Goes from the name outwards, as C reads: what is nearest to the name comes first in BTF, too. */
  #declarable(id: TypeId, depth: number): Declarable {
    if (depth > maxDepth) throw endless();
    let at = id;
    let before = "";
    let after = "";
    let stars = "";
    let qualifiers: string[] = [];
    let tags: string[] = [];
    const close = () => {
      if (stars === "") return;
      before = `(${stars}${before}`;
      after += ")";
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
          after += type.count === 0 ? "[]" : `[${type.count}]`;
          at = type.of;
          break;
        case "prototype":
          close();
          after += `(${this.#parameters(type, depth)})`;
          at = type.returns;
          break;
        default: {
          const base = [...qualifiers, specifierOf(type), ...tags].join(" ");
          return { type: stars === "" ? base : `${base} ${stars.trimEnd()}`, before, after };
        }
      }
    }
  }

  #parameters({ parameters }: Extract<BtfType, { kind: "prototype" }>, depth: number): string {
    if (parameters.length === 0) return "void";
    return parameters
      .map(({ type }, index) =>
        type === 0 && index === parameters.length - 1 ? "..." : nameOf(this.#declarable(type, depth + 1)),
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
