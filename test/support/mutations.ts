import fc from "fast-check";
import { withChecksum } from "./tar-builder.js";

/** A change of bytes, as a hostile device might think of it. */
export type Mutation = (bytes: Buffer) => Buffer;

const blockSize = 512;

/** Texts that mean something at some place of a header. */
const telling = [
  "..",
  "../",
  "/",
  "./",
  "\0",
  "\n",
  "7777",
  "4755",
  "0000644\0",
  "ustar\x0000",
  "\x80",
  "\xff",
  ..."012356LKxgSDN",
];

/** Changes of any bytes. */
export function mutations(): fc.Arbitrary<Mutation> {
  return fc.oneof(
    fc.tuple(places(), fc.nat(7)).map(([where, bit]) => flip(where, bit)),
    fc.tuple(places(), texts()).map(([where, text]) => overwrite(where, text)),
    fc.tuple(places(), texts()).map(([where, text]) => insert(where, text)),
    fc.tuple(places(), lengths()).map(([where, count]) => remove(where, count)),
  );
}

/** Changes of a tar archive, of which many leave it well-formed, so that they get far. */
export function tarMutations(): fc.Arbitrary<Mutation> {
  const fields = fc.constantFrom(0, 1, 100, 124, 130, 156, 157, 257, 345);
  return fc.oneof(
    mutations(),
    fc.tuple(places(), places()).map(([from, to]) => copyBlock(from, to)),
    fc.tuple(places(), fields, texts()).map(([where, field, text]) => editHeader(where, field, text)),
  );
}

/** A place in a file, as a fraction of its length. */
function places(): fc.Arbitrary<number> {
  return fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
}

function texts(): fc.Arbitrary<Buffer> {
  return fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 24 }).map((random) => Buffer.from(random)),
    fc.constantFrom(...telling).map((text) => Buffer.from(text, "latin1")),
  );
}

function lengths(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(16), fc.constant(blockSize), fc.nat(2_000));
}

function flip(where: number, bit: number): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    const offset = Math.floor(where * changed.length);
    if (offset < changed.length) changed.writeUInt8(changed.readUInt8(offset) ^ (1 << bit), offset);
    return changed;
  };
}

function overwrite(where: number, text: Buffer): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    text.copy(changed, Math.floor(where * changed.length));
    return changed;
  };
}

function insert(where: number, text: Buffer): Mutation {
  return (bytes) => {
    const offset = Math.floor(where * bytes.length);
    return Buffer.concat([bytes.subarray(0, offset), text, bytes.subarray(offset)]);
  };
}

function remove(where: number, count: number): Mutation {
  return (bytes) => {
    const offset = Math.floor(where * bytes.length);
    return Buffer.concat([bytes.subarray(0, offset), bytes.subarray(offset + count)]);
  };
}

function copyBlock(from: number, to: number): Mutation {
  return (bytes) => {
    const block = blockAt(bytes, from);
    const offset = Math.floor((to * bytes.length) / blockSize) * blockSize;
    return Buffer.concat([bytes.subarray(0, offset), block, bytes.subarray(offset)]);
  };
}

function editHeader(where: number, field: number, text: Buffer): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    const block = blockAt(changed, where);
    if (block.length < blockSize) return changed;
    text.copy(block, field);
    withChecksum(block).copy(block);
    return changed;
  };
}

function blockAt(bytes: Buffer, where: number): Buffer {
  const offset = Math.floor((where * bytes.length) / blockSize) * blockSize;
  return bytes.subarray(offset, offset + blockSize);
}
