import { MalformedElf } from "../kernel/elf-sections.js";
import { type ByteSource, bufferSource } from "./byte-source.js";
import { type Compression, compressionOf } from "./compression/compression.js";
import { bootImage } from "./containers/boot-image.js";
import { bzImage } from "./containers/bz-image.js";
import type { Container } from "./containers/container.js";
import { efiZboot } from "./containers/efi-zboot.js";
import type { KernelFileContents } from "./contents.js";
import { damaged, overFileLimit, refusedFile } from "./errors.js";
import { isArm64Image, readArm64Image } from "./kernel/arm64-image.js";
import { isElf, readElfKernel } from "./kernel/elf-kernel.js";
import { isArchive, isXzHeader } from "./kernel/xz-streams.js";
import { kernelFileLimits } from "./limits.js";
import { TemporaryFiles } from "./temporary-files.js";

/** Contents that may lie in temporary files. */
export interface OpenKernelFile extends KernelFileContents {
  /** Frees the temporary files. `archive` and `btf` cannot be read afterwards. */
  close(): void;
}

/** How to read a kernel file. */
export interface KernelFileOptions {
  /** An existing folder for what is decompressed. The files have no name there, and end with `close` or this process. */
  readonly scratch: string;
  readonly signal?: AbortSignal | undefined;
}

const containers = [bootImage, bzImage, efiZboot];
/** What a form is recognised by lies within this many bytes. */
const headBytes = 4096;

/**
 * Reads a file that holds a kernel, or the kernel's headers: an archive, `kheaders.ko`, `vmlinux`, an arm64 `Image`,
 * bzImage, EFI zboot, boot.img, and these compressed. It is recognised by its content, and what is nested is opened in
 * turn. Undefined if it is none of these.
 *
 * Throws `file-corrupt` or `file-refused`, `tool-missing` if decompressing needs a program that is not installed, the
 * source's own error, or the signal's reason. The caller closes what it gives, and afterwards the source.
 */
export async function readKernelFile(
  source: ByteSource,
  options: KernelFileOptions,
): Promise<OpenKernelFile | undefined> {
  const files = new TemporaryFiles(options.scratch, kernelFileLimits);
  const close = () => files.close();
  try {
    const contents = await new Reading(files, options.signal).read(source, []);
    if (contents !== undefined) return { ...contents, close };
  } catch (error) {
    close();
    throw error instanceof MalformedElf ? damaged(`as an ELF file, ${error.message}`, error) : error;
  }
  close();
  return undefined;
}

/** Opens one form after the other. */
class Reading {
  readonly #files: TemporaryFiles;
  readonly #signal: AbortSignal | undefined;

  constructor(files: TemporaryFiles, signal: AbortSignal | undefined) {
    this.#files = files;
    this.#signal = signal;
  }

  /** @param outer The forms that it was in. */
  async read(source: ByteSource, outer: readonly string[]): Promise<KernelFileContents | undefined> {
    if (outer.length > kernelFileLimits.depth)
      throw overFileLimit("the depth of its nested forms", kernelFileLimits.depth, "forms");
    if (isXzHeader(source, 0) && (await isArchive(source, this.#signal)))
      return { formats: [...outer, "archive"], archive: source };
    const compression = compressionOf(source);
    if (compression !== undefined) return this.#decompressed(source, compression, outer);
    const container = containerOf(source);
    if (container === undefined) return this.#kernel(source, outer);
    const { name, kernel } = container.open(source);
    return this.#contained(kernel, [...outer, name]);
  }

  async #contained(kernel: ByteSource, outer: readonly string[]): Promise<KernelFileContents> {
    const contents = await this.read(kernel, outer);
    if (contents !== undefined) return contents;
    throw refusedFile(`the kernel in it (${outer.join(", ")}) is in a form that is not known`);
  }

  /** Decompresses no more than the beginning of what is not a kernel file. */
  async #decompressed(
    source: ByteSource,
    compression: Compression,
    outer: readonly string[],
  ): Promise<KernelFileContents | undefined> {
    const formats = [...outer, compression.name];
    const chunks = compression.decompress(source, this.#signal);
    const head: Uint8Array[] = [];
    try {
      for (let size = 0; size < headBytes; ) {
        const next = await chunks.next();
        if (next.done === true) break;
        size += next.value.length;
        head.push(next.value);
      }
      if (!isKnown(bufferSource(Buffer.concat(head)))) return undefined;
      return await this.read(await this.#files.keep(joined(head, chunks)), formats);
    } finally {
      await chunks.return();
    }
  }

  async #kernel(source: ByteSource, outer: readonly string[]): Promise<KernelFileContents | undefined> {
    const contents = isElf(source)
      ? await readElfKernel(source, this.#signal)
      : await readArm64Image(source, this.#signal);
    return contents === undefined ? undefined : { ...contents, formats: [...outer, ...contents.formats] };
  }
}

function containerOf(source: ByteSource): Container | undefined {
  return containers.find((container) => container.recognises(source));
}

/** Whether a file with this beginning is worth decompressing. */
function isKnown(head: ByteSource): boolean {
  const checks = [isElf, isArm64Image, compressionOf, containerOf];
  return checks.some((check) => Boolean(check(head)));
}

async function* joined(
  head: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
}
