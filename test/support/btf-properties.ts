import fc from "fast-check";
import { expect } from "vitest";
import { layoutText } from "../../host/cli/report/layout-text.js";
import { typeName } from "../../host/compare/layout/declaration.js";
import { findType } from "../../host/compare/layout/find-type.js";
import { layoutOf } from "../../host/compare/layout/layout.js";
import { memberAt } from "../../host/compare/layout/member-path.js";
import type { Btf } from "../../host/kernel/btf/btf.js";
import { kinds } from "../../host/kernel/btf/kinds.js";
import { readBtf } from "../../host/kernel/btf/read.js";
import { sizeOf } from "../../host/kernel/btf/resolve.js";
import { readElf, sectionOf } from "../../host/kernel/elf-sections.js";
import { KheadersError } from "../../shared/errors.js";
import { compiledBtf, sampleSource } from "./compiled-btf.js";
import { type Mutation, mutations } from "./mutations.js";
import { type RawType, rawBtf } from "./raw-btf.js";

const samples = (["bpfel", "bpfeb"] as const).map((target) => {
  const object = compiledBtf(sampleSource, target);
  return Buffer.from(sectionOf(readElf(object), ".BTF") ?? []);
});

/** What holds for every file. The unit tests try each property a few hundred times, `npm run fuzz` for long. */
export const btfProperties = {
  /** Whatever is done to BTF: reading all of it ends, and the only errors are those of damaged BTF. */
  mutated: fc.property(
    fc.constantFrom(...samples),
    fc.array(fc.oneof(mutations(), wordChanges()), { minLength: 1, maxLength: 6 }),
    (sample, changes) => readAll(changes.reduce<Buffer>((bytes, change) => change(bytes), sample)),
  ),

  /** The same of types that refer to each other in any way. */
  random: fc.property(
    fc.array(types(), { minLength: 1, maxLength: 12 }),
    fc.boolean(),
    (made, littleEndian) => readAll(rawBtf(made, { littleEndian })),
  ),
};

/** Asks for all that can be asked of each type. */
export function readAll(bytes: Uint8Array): void {
  const btf = opened(() => readBtf(bytes));
  if (btf === undefined) return;
  // What comes before damage can be read.
  const end = opened(() => btf.endId) ?? 50;
  for (let id = 0; id < end; id += 1) readOne(btf, id);
  for (const name of ["sample", "inner", "atomic_t", "a", "missing"]) {
    opened(() => findType(btf, name));
    opened(() => memberAt(btf, `${name}.x.first[1]`));
  }
}

function readOne(btf: Btf, id: number): void {
  opened(() => btf.type(id));
  opened(() => sizeOf(btf, id));
  opened(() => typeName(btf, id));
  for (const deep of [false, true]) {
    const lines = opened(() => layoutText(layoutOf(btf, id, { deep }))) ?? [];
    for (const line of lines) expect(line).toMatch(/^\t*[ -~\xa0-\uffff]*$/);
  }
}

function opened<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    expect(["btf-corrupt", "unknown-type"]).toContain(error.code);
    return undefined;
  }
}

/** Puts a number that means something in the place of a word: a type, a kind with elements, a size, an offset. */
function wordChanges(): fc.Arbitrary<Mutation> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  return fc.tuple(place, words(), fc.boolean()).map(([where, word, isLittle]) => (bytes) => {
    const changed = Buffer.from(bytes);
    const offset = Math.floor((where * changed.length) / 4) * 4;
    if (offset + 4 > changed.length) return changed;
    if (isLittle) changed.writeUInt32LE(word, offset);
    else changed.writeUInt32BE(word, offset);
    return changed;
  });
}

function words(): fc.Arbitrary<number> {
  const information = fc
    .tuple(fc.nat(kinds.length), fc.nat(4), fc.boolean())
    .map(([kind, count, flag]) => ((flag ? 0x80000000 : 0) | (kind << 24) | count) >>> 0);
  return fc.oneof(
    fc.nat(45),
    information,
    fc.constantFrom(0, 0xff, 0xffff, 0xffffff, 0x7fffffff, 0xffffffff),
  );
}

function types(): fc.Arbitrary<RawType> {
  const reference = fc.nat(14);
  const word = fc.oneof({ weight: 4, arbitrary: reference }, { weight: 1, arbitrary: words() });
  return fc
    .record({
      kind: fc.constantFrom(...kinds.filter((kind) => kind !== "void")),
      name: fc.constantFrom("", "a", "sample", "long", "x\x1b"),
      flag: fc.boolean(),
      third: word,
      elements: fc.array(fc.tuple(fc.constantFrom("", "x", "first"), reference, word), { maxLength: 5 }),
      word,
    })
    .map(({ elements, word, ...type }) => ({ ...type, ...payloadOf(type.kind, elements, word) }));
}

/** What follows a type of that kind, so that the next one begins where it should. */
function payloadOf(
  kind: RawType["kind"],
  elements: readonly (readonly [string, number, number])[],
  word: number,
): Pick<RawType, "count" | "words"> {
  switch (kind) {
    case "struct":
    case "union":
    case "enum64":
    case "section":
      return { count: elements.length, words: elements.flat() };
    case "enum":
    case "prototype":
      return { count: elements.length, words: elements.flatMap((element) => element.slice(0, 2)) };
    case "array":
      return { words: [word % 15, 1, elements.length] };
    case "int":
    case "variable":
    case "declaration-tag":
      return { words: [word] };
    default:
      return {};
  }
}
