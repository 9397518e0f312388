/** A type's number: 0 is void, the first type of a file is 1, a module's follow the kernel's. */
export type TypeId = number;

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous one. */
  readonly name: string;
  readonly type: TypeId;
  /** From the beginning of the struct. */
  readonly bitOffset: number;
  /** Of a bit field; undefined for any other member. */
  readonly bitSize: number | undefined;
}

export interface BtfInt {
  readonly kind: "int";
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly bits: number;
  readonly isSigned: boolean;
  readonly isChar: boolean;
  readonly isBool: boolean;
}

export interface BtfComposite {
  readonly kind: "struct" | "union";
  /** Empty for an anonymous one. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly members: readonly BtfMember[];
}

export interface BtfEnum {
  readonly kind: "enum" | "enum64";
  /** Empty for an anonymous one. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly isSigned: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

/** A type as BTF has it; {@link TypeId}s name the others that it is made of. */
export type BtfType =
  | { readonly kind: "void" }
  | BtfInt
  | BtfComposite
  | BtfEnum
  | { readonly kind: "float"; readonly name: string; readonly size: number }
  | { readonly kind: "pointer" | "volatile" | "const" | "restrict"; readonly to: TypeId }
  | { readonly kind: "typedef" | "type-tag"; readonly name: string; readonly to: TypeId }
  | { readonly kind: "array"; readonly of: TypeId; readonly index: TypeId; readonly count: number }
  /** A struct or union that is declared, and defined in none of the sources that were described. */
  | { readonly kind: "forward"; readonly name: string; readonly of: "struct" | "union" }
  | {
      readonly kind: "function";
      readonly name: string;
      readonly prototype: TypeId;
      readonly linkage: Linkage;
    }
  /** A last parameter of type void stands for `...`. */
  | {
      readonly kind: "prototype";
      readonly returns: TypeId;
      readonly parameters: readonly { readonly name: string; readonly type: TypeId }[];
    }
  | { readonly kind: "variable"; readonly name: string; readonly type: TypeId; readonly linkage: Linkage }
  | {
      readonly kind: "section";
      readonly name: string;
      readonly size: number;
      readonly variables: readonly {
        readonly variable: TypeId;
        readonly offset: number;
        readonly size: number;
      }[];
    }
  | {
      readonly kind: "declaration-tag";
      readonly name: string;
      readonly target: TypeId;
      /** The member or parameter that it is about, counted from 0; undefined if it is about all of the target. */
      readonly component: number | undefined;
    }
  | { readonly kind: "unknown"; readonly number: number };

export type Linkage = "static" | "global" | "extern" | "unknown";
