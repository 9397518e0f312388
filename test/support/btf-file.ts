/** Raw little-endian BTF with one type, `int`, whose name makes it differ from others. */
export function btfFile(name = "int"): Buffer {
  const strings = Buffer.from(`\0${name}\0`);
  // struct btf_type with name, information (kind 1) and size, then encoding (signed) and bits.
  const types = words(1, 1 << 24, 4, (1 << 24) | 32);
  const header = Buffer.concat([
    Buffer.from([0x9f, 0xeb, 1, 0]),
    words(24, 0, types.length, types.length, strings.length),
  ]);
  return Buffer.concat([header, types, strings]);
}

function words(...values: readonly number[]): Buffer {
  const made = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) made.writeUInt32LE(value, index * 4);
  return made;
}
