import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { formatOf } from "../../../host/archive/formats.js";
import { xz } from "../../support/xz.js";

it.each([
  ["gzip", gzipSync("x")],
  ["xz", xz(Buffer.from("x"))],
  ["zstd", Buffer.from("28b52ffd04", "hex")],
  ["ELF", Buffer.from("\x7fELF\x02", "latin1")],
  ["zip", Buffer.from("PK\x03\x04")],
  [undefined, Buffer.from("./include")],
  [undefined, Buffer.alloc(0)],
])("names %s by its first bytes", (name, bytes) => {
  expect(formatOf(bytes)).toBe(name);
});
