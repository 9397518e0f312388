import { describe, expect, it } from "vitest";
import { isZero, type LongNames, readTarHeader } from "../../../../host/archive/tar/header.js";
import { gnuFormat, header, octal, posixFormat, withChecksum } from "../../../support/tar-builder.js";

const none: LongNames = { path: undefined, target: undefined };

const read = (block: Buffer, long: LongNames = none) => readTarHeader(block, 0, 0, long);

describe("a tar header", () => {
  it("tells type, names, mode and size", () => {
    const file = header({ name: "a.h", mode: octal(0o2755, 7), size: octal(10) });
    expect(read(file)).toEqual({
      type: "file",
      path: "a.h",
      target: "",
      mode: 0o2755,
      size: 10,
    });
    const link = header({ name: "l", target: "a.h", type: "2" });
    expect(read(link)).toMatchObject({ type: "link", path: "l", target: "a.h" });
  });

  it.each([
    ["5", "folder"],
    ["L", "long-path"],
    ["K", "long-target"],
    ["x", "pax"],
    ["g", "pax-global"],
  ])("of type %s is a %s", (type, expected) => {
    expect(read(header({ name: "n", type })).type).toBe(expected);
  });

  it("has the long names that came before it, unless it is itself about another member", () => {
    const long: LongNames = { path: "long/path", target: "long/target" };
    const link = header({ name: "short", target: "short", type: "2" });
    expect(read(link, long)).toMatchObject({ path: "long/path", target: "long/target" });
    expect(read(header({ name: "pax", type: "x" }), long).path).toBe("pax");
  });

  it("of a file whose name ends in a slash is not a folder's", () => {
    expect(read(header({ name: "a/" })).type).toBe("file");
  });

  it("may have its name in two parts", () => {
    const block = header({ name: "b.h", prefix: "a", format: posixFormat });
    expect(read(block).path).toBe("a/b.h");
  });

  it.each(["\0", "0"])("of the type %j is a file's", (type) => {
    expect(read(header({ name: "a", type })).type).toBe("file");
  });

  it.each([gnuFormat, posixFormat])("may fill its fields to the last byte (%j)", (format) => {
    const name = "n".repeat(100);
    const prefix = format === posixFormat ? "p".repeat(155) : "";
    const link = header({ name, prefix, target: "t".repeat(100), type: "2", format });
    expect(read(link)).toMatchObject({
      path: prefix === "" ? name : `${prefix}/${name}`,
      target: "t".repeat(100),
    });
  });

  it("has no prefix in GNU's format, which keeps times there", () => {
    expect(read(header({ name: "a", prefix: "14000000000", format: gnuFormat })).path).toBe("a");
  });

  it.each([
    ["0000012\0", 0o12],
    ["     12 ", 0o12],
    ["12\0\0\0\0\0\0", 0o12],
    ["00000012", 0o12],
  ])("may have the number %j", (mode, expected) => {
    expect(read(header({ name: "a", mode })).mode).toBe(expected);
  });

  it.each(["", "12 34\0", "0x12\0", "-12\0", "12.5\0", "18\0", "\x0012"])(
    "may not have the number %j",
    (mode) => {
      expect(() => read(header({ name: "a", mode }))).toThrow("a number that is not octal");
    },
  );

  it.each(["", "12", "zzzzzz\0 "])("with the checksum %j is damage", (checksum) => {
    expect(() => read(header({ name: "a", checksum }))).toThrow(
      expect.objectContaining({ code: "archive-corrupt" }),
    );
  });

  it("is read where it lies", () => {
    const bytes = Buffer.concat([header({ name: "before" }), header({ name: "a.h", size: octal(3) })]);
    expect(readTarHeader(bytes, 512, 512, none)).toMatchObject({ path: "a.h", size: 3 });
  });

  it("with something behind a name's end is refused, wherever it is", () => {
    for (const offset of [50, 99, 200, 256]) {
      const block = header({ name: "a" });
      block[offset] = 0x62;
      expect(() => read(withChecksum(block))).toThrow('"a" has a NUL within its name or link target');
    }
  });

  it("that was changed is damage, with its place", () => {
    const block = header({ name: "a" });
    block[0] = 0x62;
    expect(() => readTarHeader(block, 0, 1_024, none)).toThrow(
      expect.objectContaining({ code: "archive-corrupt", message: expect.stringContaining("at byte 1024") }),
    );
  });

  it("of a hard link is refused, with how to build without it", () => {
    expect(() => read(header({ name: "a", target: "b", type: "1" }))).toThrow(
      expect.objectContaining({
        code: "archive-refused",
        hint: expect.stringContaining("TAR_OPTIONS=--hard-dereference"),
      }),
    );
  });
});

it("zeros are told from anything else", () => {
  expect(isZero(new Uint8Array(512))).toBe(true);
  expect(isZero(new Uint8Array(0))).toBe(true);
  expect(isZero(Uint8Array.of(0, 0, 1))).toBe(false);
});
