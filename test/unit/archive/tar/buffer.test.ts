import { expect, it } from "vitest";
import { StreamBuffer } from "../../../../host/archive/tar/buffer.js";

/** Takes the next bytes out of it, as text. */
function take(buffer: StreamBuffer, bytes: number): string {
  const text = buffer.bytes.toString("latin1", buffer.start, buffer.start + bytes);
  buffer.start += bytes;
  return text;
}

it("what comes in pieces lies in one piece", () => {
  const buffer = new StreamBuffer();
  for (const piece of ["ab", "", "c"]) buffer.append(Buffer.from(piece));
  expect(buffer.length).toBe(3);
  expect(take(buffer, 2)).toBe("ab");
  expect(buffer.length).toBe(1);
});

it("memory is used again, and what is not read yet is kept", () => {
  const buffer = new StreamBuffer();
  const { bytes } = buffer;
  buffer.append(Buffer.from("<"));
  for (let round = 1; round <= 10; round += 1) {
    buffer.append(Buffer.alloc(100_000, String(round % 10)));
    buffer.append(Buffer.from("><"));
    // The beginning of the next one is left over.
    expect(take(buffer, 100_002)).toBe(`<${String(round % 10).repeat(100_000)}>`);
    expect(buffer.length).toBe(1);
  }
  expect(buffer.bytes).toBe(bytes);
});

it("grows for what does not fit", () => {
  const buffer = new StreamBuffer();
  buffer.append(Buffer.from("left"));
  const large = Buffer.alloc(buffer.bytes.length, "x");
  buffer.append(large);
  expect(take(buffer, 5)).toBe("leftx");
  expect(buffer.length).toBe(large.length - 1);
});

it("has room for what is expected, which then is not moved any more", () => {
  const buffer = new StreamBuffer();
  buffer.append(Buffer.from("left"));
  buffer.expect(1_000_000);
  buffer.append(Buffer.alloc(65_536));
  const { bytes } = buffer;
  for (let piece = 1; piece < 16; piece += 1) buffer.append(Buffer.alloc(65_536));
  expect(buffer.bytes).toBe(bytes);
  expect(take(buffer, 4)).toBe("left");
});

it("what was read is good until the next piece comes, whatever is expected", () => {
  const buffer = new StreamBuffer();
  buffer.append(Buffer.concat([Buffer.alloc(150_000, "a"), Buffer.alloc(50_000, "b")]));
  const read = buffer.bytes.subarray(0, 150_000);
  buffer.start += read.length;
  buffer.expect(150_000);
  expect(read.equals(Buffer.alloc(150_000, "a"))).toBe(true);
  buffer.append(Buffer.alloc(100_000, "b"));
  expect(take(buffer, 150_000)).toBe("b".repeat(150_000));
});
