import { tmpdir } from "node:os";
import fc from "fast-check";
import { expect } from "vitest";
import { bufferSource } from "../../host/formats/byte-source.js";
import { readKernelFile } from "../../host/formats/kernel-file.js";
import { KheadersError } from "../../shared/errors.js";
import {
  arm64ImageHeader,
  assembled,
  bootImageFile,
  bzImageFile,
  kheadersModule,
  pipedThrough,
  zbootFile,
} from "./kernel-files.js";
import { type Mutation, mutations } from "./mutations.js";
import { smallArchive } from "./small-archive.js";
import { xz } from "./xz.js";

/** What a file may be refused for; anything else is a fault of ours. */
const expectedCodes = ["file-corrupt", "file-refused", "tool-missing"];
/** One file of each form, small. */
function forms(): Readonly<Record<string, Buffer>> {
  const archive = smallArchive("6.1.57-android14-11-gabc");
  const config = pipedThrough(Buffer.from("#\nCONFIG_X=y\n"), "gzip", "-c");
  const banner = "Linux version 6.1.57 (a@b) (clang) #1 SMP Thu Jan 1 00:00:00 UTC 1970\n";
  const note = Buffer.concat([Buffer.from("04000000140000000300000000474e5500", "hex"), Buffer.alloc(20, 7)]);
  const btf = Buffer.concat([
    Buffer.from("9feb010018000000", "hex"),
    Buffer.from(Uint32Array.of(0, 8, 8, 4).buffer),
    Buffer.alloc(8, 1),
    Buffer.from("\0ab\0"),
  ]);
  const inside = [
    "IKCFG_ST",
    config,
    "IKCFG_ED",
    banner,
    note,
    "IKHD_ST",
    archive,
    "IKHD_ED",
    btf,
    "\x7fELF",
  ];
  const image = Buffer.concat([arm64ImageHeader, ...inside.map((part) => Buffer.from(part))]);
  const module = kheadersModule(archive);
  const vmlinux = assembled(
    `.section .rodata,"a"\n.byte ${[...image].join()}\n.section .BTF,"a"\n.byte ${[...btf].join()}`,
  );
  vmlinux.writeUInt16LE(2, 16);
  return {
    archive,
    module,
    stripped: kheadersModule(archive, { markers: true, target: "powerpc64-linux-gnu" }),
    vmlinux,
    image,
    gzip: pipedThrough(image, "gzip", "-c"),
    xz: xz(image),
    zstd: pipedThrough(image, "zstd"),
    lz4: pipedThrough(image, "lz4", "-z"),
    "lz4 -l": pipedThrough(image, "lz4", "-l"),
    bzImage: bzImageFile(pipedThrough(image, "gzip", "-c")),
    zboot: zbootFile(pipedThrough(image, "lz4", "-l")),
    "boot.img v2": bootImageFile(2, image),
    "boot.img v4": bootImageFile(4, zbootFile(pipedThrough(image, "gzip", "-c"))),
  };
}

/** Changes of a file, of which many are of the numbers in its headers. */
export function headerChanges(): fc.Arbitrary<Mutation> {
  const places = fc.oneof(fc.nat(1_000), fc.nat(1_000_000));
  const values = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 4096, 1_000_000);
  const numbers = fc.tuple(places, values).map(([place, value]) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    if (changed.length >= 4) changed.writeUInt32LE(value, place % (changed.length - 3));
    return changed;
  });
  return fc.oneof(numbers, mutations());
}

/** For each form: whatever is done to a file of it, it is read, or refused as a file may be. */
export function kernelFileProperties(): [form: string, property: fc.IAsyncProperty<[Mutation[]]>][] {
  return Object.entries(forms()).map(([form, bytes]) => [
    form,
    fc.asyncProperty(fc.array(headerChanges(), { maxLength: 3 }), (made) =>
      expectReadOrRefused(made.reduce((changed, change) => change(changed), bytes)),
    ),
  ]);
}

async function expectReadOrRefused(bytes: Buffer): Promise<void> {
  try {
    const contents = await readKernelFile(bufferSource(bytes), { scratch: tmpdir() });
    for (const part of [contents?.archive, contents?.btf]) part?.read(0, Math.min(part.size, 4096));
    contents?.close();
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    expect(expectedCodes).toContain(error.code);
  }
}
