import { describe, expect, it } from "vitest";
import { isZero, type LongNames, readTarHeader } from "../../../../host/archive/tar/header.js";
import { header, octal, posixFormat } from "../../../support/tar-builder.js";

const none: LongNames = { path: undefined, target: undefined };

describe("a tar header", () => {
  it("tells type, names, mode and size", () => {
    const file = header({ name: "a.h", mode: octal(0o2755, 7), size: octal(10) });
    expect(readTarHeader(file, 0, none)).toEqual({
      type: "file",
      path: "a.h",
      target: "",
      mode: 0o2755,
      size: 10,
    });
    const link = header({ name: "l", target: "a.h", type: "2" });
    expect(readTarHeader(link, 0, none)).toMatchObject({ type: "link", path: "l", target: "a.h" });
  });

  it.each([
    ["5", "folder"],
    ["L", "long-path"],
    ["K", "long-target"],
    ["x", "pax"],
    ["g", "pax-global"],
  ])("of type %s is a %s", (type, expected) => {
    expect(readTarHeader(header({ name: "n", type }), 0, none).type).toBe(expected);
  });

  it("has the long names that came before it, unless it is itself about another member", () => {
    const long: LongNames = { path: "long/path", target: "long/target" };
    const link = header({ name: "short", target: "short", type: "2" });
    expect(readTarHeader(link, 0, long)).toMatchObject({ path: "long/path", target: "long/target" });
    expect(readTarHeader(header({ name: "pax", type: "x" }), 0, long).path).toBe("pax");
  });

  it("of a file whose name ends in a slash is not a folder's", () => {
    expect(readTarHeader(header({ name: "a/" }), 0, none).type).toBe("file");
  });

  it("may have its name in two parts", () => {
    const block = header({ name: "b.h", prefix: "a", format: posixFormat });
    expect(readTarHeader(block, 0, none).path).toBe("a/b.h");
  });

  it("that was changed is damage, with its place", () => {
    const block = header({ name: "a" });
    block[0] = 0x62;
    expect(() => readTarHeader(block, 1_024, none)).toThrow(
      expect.objectContaining({ code: "archive-corrupt", message: expect.stringContaining("at byte 1024") }),
    );
  });

  it("of a hard link is refused, with how to build without it", () => {
    expect(() => readTarHeader(header({ name: "a", target: "b", type: "1" }), 0, none)).toThrow(
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
