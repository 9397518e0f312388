import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { dotConfig, folderWith, importFrom, kernelArchive, release } from "../../support/import-files.js";

const version = "#1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024";

/** An arm64 image (Linux Documentation/arch/arm64/booting.rst) with its headers built in, and what a kernel has besides. */
function image(btf: Uint8Array): Buffer {
  const header = Buffer.alloc(64);
  header.write("ARM\x64", 56, "latin1");
  const buildId = Buffer.concat([
    Buffer.from("040000001400000003000000474e5500", "hex"),
    Buffer.alloc(20, 7),
  ]);
  const banner = `Linux version ${release} (user@host) (clang version 17.0.2, LLD 17.0.2) ${version}\n\0`;
  const config = ["IKCFG_ST", gzipSync(dotConfig), "IKCFG_ED"];
  const parts = [banner, buildId, kernelArchive(), "\0\0", ...config, "\0\0", btf, Buffer.alloc(64)];
  return Buffer.concat([header, ...parts.map((part) => Buffer.from(part))]);
}

/** BTF that names nothing (Linux Documentation/bpf/btf.rst). */
function someBtf(): Buffer {
  const sizes = Buffer.from(Uint32Array.of(0, 12, 12, 2).buffer);
  return Buffer.concat([Buffer.from("9feb010018000000", "hex"), sizes, Buffer.alloc(12, 1), Buffer.alloc(2)]);
}

test("a kernel with its headers built in tells all of itself, and its BTF is kept where btf looks for it", async () => {
  const btf = someBtf();
  const file = join(folderWith({ Image: image(btf) }), "Image");
  const { cache, kernel, found } = await importFrom([file]);
  expect(kernel).toMatchObject({ release, version, machine: "aarch64", buildId: "07".repeat(20) });
  expect(found.map(({ what }) => what)).toEqual([
    "headers",
    "release",
    "version",
    "machine",
    "build-id",
    "configuration",
    "BTF",
  ]);
  const [entry] = cache.btf.entries();
  expect(entry).toMatchObject({ source: "file", origin: "Image", kernel: { release, version } });
  if (entry === undefined) throw new Error("the test expected an entry");
  expect(readFileSync(cache.btf.open(entry) ?? "").equals(btf)).toBe(true);
});
