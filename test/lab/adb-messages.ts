/**
 * The messages between an adb server and an adbd (packages/modules/adb/protocol.txt): 24 bytes of header, six
 * little-endian words, then the payload.
 */
export interface AdbMessage {
  readonly command: number;
  readonly arg0: number;
  readonly arg1: number;
  readonly payload: Buffer;
}

/** The commands, four letters as a little-endian word. */
export const adbCommand = {
  connect: 0x4e584e43,
  open: 0x4e45504f,
  okay: 0x59414b4f,
  close: 0x45534c43,
  write: 0x45545257,
  auth: 0x48545541,
} as const;

const headerLength = 24;

/** Writes a message, with the checksum that old versions want. */
export function formatAdbMessage({ command, arg0, arg1, payload }: AdbMessage): Buffer {
  const header = Buffer.alloc(headerLength);
  const checksum = payload.reduce((sum, byte) => sum + byte, 0);
  const words = [command, arg0, arg1, payload.length, checksum, (command ^ 0xffffffff) >>> 0];
  for (const [index, word] of words.entries()) header.writeUInt32LE(word, index * 4);
  return Buffer.concat([header, payload]);
}

/** Cuts a stream of bytes into messages. */
export class AdbMessageReader {
  #rest = Buffer.alloc(0);

  /** The messages that are whole with `chunk`, each with the bytes that it came as. */
  push(chunk: Buffer): { readonly message: AdbMessage; readonly bytes: Buffer }[] {
    const messages = [];
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= headerLength) {
      const end = headerLength + rest.readUInt32LE(12);
      if (rest.length < end) break;
      const bytes = rest.subarray(0, end);
      messages.push({
        bytes,
        message: {
          command: bytes.readUInt32LE(0),
          arg0: bytes.readUInt32LE(4),
          arg1: bytes.readUInt32LE(8),
          payload: bytes.subarray(headerLength),
        },
      });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return messages;
  }
}
