const signatures: readonly (readonly [name: string, signature: string])[] = [
  ["gzip", "\x1f\x8b"],
  ["xz", "\xfd7zXZ\0"],
  ["zstd", "\x28\xb5\x2f\xfd"],
  ["bzip2", "BZh"],
  ["lz4", "\x04\x22\x4d\x18"],
  ["LZMA", "\x5d\0\0"],
  ["ELF", "\x7fELF"],
  ["zip", "PK\x03\x04"],
];

/** Names what `start` is the start of, for an error message; undefined for anything unknown. */
export function formatOf(start: Uint8Array): string | undefined {
  const text = Buffer.from(start.subarray(0, 8)).toString("latin1");
  return signatures.find(([, signature]) => text.startsWith(signature))?.[0];
}
