/** Writes tar archives, right ones and every kind of wrong one. It knows nothing of the code that reads them. */

const blockSize = 512;

/** The fields of a ustar header, each as text that is written as it is, so that it can be wrong. */
export interface HeaderFields {
  readonly name: string | Uint8Array;
  readonly mode?: string;
  readonly size?: string;
  readonly type?: string;
  readonly target?: string | Uint8Array;
  /** `magic` and `version` together. */
  readonly format?: string;
  readonly prefix?: string | Uint8Array;
  /** Written instead of the right checksum. */
  readonly checksum?: string;
}

export const gnuFormat = "ustar  \0";
export const posixFormat = "ustar\x0000";

/** What `size` says where a header has no other: eleven octal digits. */
export function octal(value: number, digits = 11): string {
  return `${value.toString(8).padStart(digits, "0")}\0`;
}

/** One header block (POSIX.1-2017, `pax`, "ustar Interchange Format"). */
export function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (text: string | Uint8Array, offset: number, length: number) =>
    block.set(Buffer.from(text).subarray(0, length), offset);
  put(fields.name, 0, 100);
  put(fields.mode ?? octal(0o644, 7), 100, 8);
  put(octal(0, 7), 108, 8);
  put(octal(0, 7), 116, 8);
  put(fields.size ?? octal(0), 124, 12);
  put(octal(1_600_000_000), 136, 12);
  put(" ".repeat(8), 148, 8);
  put(fields.type ?? "0", 156, 1);
  put(fields.target ?? "", 157, 100);
  put(fields.format ?? gnuFormat, 257, 8);
  put(fields.prefix ?? "", 345, 155);
  put(fields.checksum ?? checksumOf(block), 148, 8);
  return block;
}

/** Gives a header that was changed its right checksum again. */
export function withChecksum(block: Uint8Array): Buffer {
  const mended = Buffer.from(block);
  mended.fill(" ", 148, 156);
  mended.set(Buffer.from(checksumOf(mended)), 148);
  return mended;
}

function checksumOf(block: Uint8Array): string {
  const sum = block.reduce((total, byte) => total + byte, 0);
  return `${sum.toString(8).padStart(6, "0")}\0 `;
}

/** A header with content, filled up to whole blocks; its size is that of the content unless it says otherwise. */
export function member(fields: HeaderFields, content: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(content);
  const padding = Buffer.alloc((blockSize - (bytes.length % blockSize)) % blockSize);
  return Buffer.concat([header({ size: octal(bytes.length), ...fields }), bytes, padding]);
}

export function folder(path: string, mode = 0o755): Buffer {
  return withLongName(path, (name) => member({ name, type: "5", mode: octal(mode, 7) }));
}

export function file(path: string, content: string | Uint8Array = "", mode = 0o644): Buffer {
  return withLongName(path, (name) => member({ name, mode: octal(mode, 7) }, content));
}

export function link(path: string, target: string): Buffer {
  const longTarget = Buffer.byteLength(target) > 100 ? gnuLong("K", target) : Buffer.alloc(0);
  const entry = withLongName(path, (name) => member({ name, target, type: "2", mode: octal(0o777, 7) }));
  return Buffer.concat([longTarget, entry]);
}

/** As GNU tar does: the header's own name is cut off after 100 bytes, wherever that is in a character. */
function withLongName(path: string, entry: (name: Uint8Array) => Buffer): Buffer {
  const name = Buffer.from(path);
  return name.length <= 100 ? entry(name) : Buffer.concat([gnuLong("L", path), entry(name)]);
}

/** GNU tar's long name (`L`) or link target (`K`) of the next entry. */
export function gnuLong(type: "L" | "K", text: string): Buffer {
  return member({ name: "././@LongLink", type }, `${text}\0`);
}

/** A pax extended header of the next entry (`x`) or of all that follow (`g`). */
export function pax(records: Record<string, string>, type: "x" | "g" = "x"): Buffer {
  const text = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return member({ name: "./PaxHeaders/entry", type, format: posixFormat }, text.join(""));
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(rest) + String(length).length) length += 1;
  return `${length}${rest}`;
}

/** Two blocks of zeros. */
export const endMarker = Buffer.alloc(2 * blockSize);

/** A whole archive, filled up to GNU tar's records of 10 KiB. */
export function tar(...members: Uint8Array[]): Buffer {
  const content = Buffer.concat([...members, endMarker]);
  return Buffer.concat([content, Buffer.alloc((10_240 - (content.length % 10_240)) % 10_240)]);
}

/** The list that pixz writes behind a tar archive of `tarBytes`: the members' names and where their headers are. */
export function pixzList(places: Readonly<Record<string, number>>, tarBytes: number): Buffer {
  const record = ([name, place]: readonly [string, number]) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(place));
    return Buffer.concat([Buffer.from(`${name}\0`), number]);
  };
  const records = [...Object.entries(places), ["", tarBytes] as const].map(record);
  return Buffer.concat([Buffer.from("a64c322ed614aedb", "hex"), ...records]);
}
