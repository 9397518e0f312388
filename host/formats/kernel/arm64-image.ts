import type { ByteSource } from "../byte-source.js";
import type { KernelFileContents } from "../contents.js";
import { readImage } from "./image.js";

const headerBytes = 64;
const magic = "ARM\x64";

/** Whether it is an arm64 `Image`: the kernel as it lies in memory (Linux Documentation/arch/arm64/booting.rst). */
export function isArm64Image(source: ByteSource): boolean {
  if (source.size < headerBytes) return false;
  return Buffer.from(source.read(0x38, magic.length)).toString("latin1") === magic;
}

/** Looks through an arm64 `Image`, which has no table of what it holds. Undefined for anything else. Throws as reading does. */
export async function readArm64Image(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<KernelFileContents | undefined> {
  if (!isArm64Image(source)) return undefined;
  const { banner, ...found } = await readImage(source, signal);
  return {
    ...found,
    formats: ["arm64 Image"],
    banner: banner?.text,
    release: banner?.release,
    version: banner?.version,
    machine: "aarch64",
  };
}
