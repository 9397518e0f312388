import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodePacket, type Packet, PacketId, PacketParser } from "../../../host/adb/packets.js";

describe("the shell protocol", () => {
  it("writes id, length in little endian, payload", () => {
    expect([...encodePacket(PacketId.stderr, Buffer.from("ab"))]).toEqual([2, 2, 0, 0, 0, 0x61, 0x62]);
    expect(encodePacket(PacketId.stdin, Buffer.alloc(0x010203)).subarray(0, 5)).toEqual(
      Buffer.from([0, 3, 2, 1, 0]),
    );
    expect([...encodePacket(PacketId.closeStdin, new Uint8Array())]).toEqual([4, 0, 0, 0, 0]);
  });

  it("gives of a packet what has come of it", () => {
    const parser = new PacketParser();
    expect(parser.push(Buffer.from([1, 4, 0]))).toEqual([]);
    expect(joined(parser.push(Buffer.from([0, 0, 0x61, 0x62])))).toEqual([[1, "ab"]]);
    expect(joined(parser.push(Buffer.from([0x63, 0x64, 3, 1, 0, 0, 0, 7])))).toEqual([
      [1, "cd"],
      [3, "\x07"],
    ]);
  });

  it("is read the same however the stream is cut", () => {
    const packets = fc.array(
      fc
        .integer({ min: 0, max: 5 })
        .chain((id) => fc.uint8Array({ maxLength: 40 }).map((data) => ({ id, data }))),
      { maxLength: 8 },
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(packets, cuts, (sent, lengths) => {
        const stream = Buffer.concat(sent.map(({ id, data }) => encodePacket(id, data)));
        const parser = new PacketParser();
        const received: Packet[] = [];
        for (let offset = 0, cut = 0; offset < stream.length; cut += 1) {
          const length = lengths[cut % lengths.length] ?? 1;
          received.push(...parser.push(stream.subarray(offset, offset + length)));
          offset += length;
        }
        const meant = sent.map(({ id, data }) => ({ id, data: Buffer.from(data) }));
        expect(joined(received)).toEqual(joined(meant));
      }),
    );
  });
});

/** Payloads as text, with the pieces of neighbours of one kind put together: a packet's borders carry no meaning. */
function joined(packets: readonly Packet[]): [id: number, payload: string][] {
  const whole: [id: number, payload: string][] = [];
  for (const { id, data } of packets.filter((packet) => packet.data.length > 0)) {
    const last = whole.at(-1);
    const payload = Buffer.from(data).toString("latin1");
    if (last?.[0] === id) last[1] += payload;
    else whole.push([id, payload]);
  }
  return whole;
}
