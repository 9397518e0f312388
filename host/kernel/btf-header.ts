/** `sizeof(struct btf_header)` in every version of the format. */
export const btfHeaderBytes = 24;

const magic = 0xeb9f;

/**
 * Reads how many bytes raw BTF has from its header (Linux 6.1 include/uapi/linux/btf.h, struct btf_header), in either byte
 * order.
 *
 * @param beginning The first {@link btfHeaderBytes} bytes or more.
 * @returns undefined if it is not BTF.
 */
export function btfSize(beginning: Uint8Array): number | undefined {
  if (beginning.length < btfHeaderBytes) return undefined;
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  const isLittle = view.getUint16(0, true) === magic;
  if (!isLittle && view.getUint16(0) !== magic) return undefined;
  const word = (offset: number) => view.getUint32(offset, isLittle);
  const headerBytes = word(4);
  if (headerBytes < btfHeaderBytes) return undefined;
  return headerBytes + Math.max(word(8) + word(12), word(16) + word(20));
}
