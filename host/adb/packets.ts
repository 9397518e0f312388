/** Packet kinds of adb's shell protocol (AOSP packages/modules/adb/shell_protocol.h). */
export const PacketId = { stdin: 0, stdout: 1, stderr: 2, exit: 3, closeStdin: 4 } as const;

/** A piece of a packet's payload, in order; a packet may come in several pieces. */
export interface Packet {
  readonly id: number;
  readonly data: Uint8Array;
}

const headerLength = 5;

/** One packet as bytes: id (1 byte), payload length (4 bytes, little endian), payload. */
export function encodePacket(id: number, payload: Uint8Array): Uint8Array {
  const packet = Buffer.alloc(headerLength + payload.length);
  packet.writeUInt8(id, 0);
  packet.writeUInt32LE(payload.length, 1);
  packet.set(payload, headerLength);
  return packet;
}

/** Splits the stream into packets as it comes. It holds back a part of a header at most, never a payload. */
export class PacketParser {
  readonly #header = Buffer.alloc(headerLength);
  #headerBytes = 0;
  #remaining = 0;

  push(chunk: Uint8Array): Packet[] {
    const packets: Packet[] = [];
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#remaining === 0) {
        const taken = chunk.subarray(offset, offset + headerLength - this.#headerBytes);
        this.#header.set(taken, this.#headerBytes);
        this.#headerBytes += taken.length;
        offset += taken.length;
        if (this.#headerBytes < headerLength) break;
        this.#headerBytes = 0;
        this.#remaining = this.#header.readUInt32LE(1);
      } else {
        const data = chunk.subarray(offset, offset + this.#remaining);
        this.#remaining -= data.length;
        offset += data.length;
        packets.push({ id: this.#header.readUInt8(0), data });
      }
    }
    return packets;
  }
}
