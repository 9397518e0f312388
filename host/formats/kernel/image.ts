import { gunzipSync } from "node:zlib";
import type { BuildId } from "../../../shared/identity.js";
import { xzMagic } from "../../archive/xz/headers.js";
import { type ByteSource, slice } from "../byte-source.js";
import { overFileLimit } from "../errors.js";
import { kernelFileLimits } from "../limits.js";
import { findMarks } from "./marks.js";
import { btfMark, findBtf } from "./raw-btf.js";
import { buildIdMark, elfMark, findBuildId } from "./raw-build-id.js";
import { isArchive, isXzHeader, xzDataAt } from "./xz-streams.js";

/** What is found in a kernel image by looking through its bytes. */
export interface ImageContents {
  /** The archive of headers that is built in. */
  readonly archive: ByteSource | undefined;
  /** The configuration, compressed by gzip as it lies there. */
  readonly config: Uint8Array | undefined;
  readonly banner: Banner | undefined;
  /** Only if it is beyond doubt. */
  readonly buildId: BuildId | undefined;
  readonly btf: ByteSource | undefined;
}

/** `Linux version …`, without the end of the line. */
export interface Banner {
  readonly text: string;
  readonly release: string;
  /** As `uname -v` gives it: `#1 SMP PREEMPT …`. */
  readonly version: string;
}

/**
 * `IKCFG_ST` and `IKCFG_ED` stand around the configuration (Linux kernel/configs.c); `IKHD_ST` and `IKHD_ED` around the
 * archive in the original patches of kheaders and their backports; `Linux version ` begins the banner (init/version.c).
 */
const marks = {
  config: Buffer.from("IKCFG_ST"),
  configEnd: Buffer.from("IKCFG_ED"),
  headers: Buffer.from("IKHD_ST"),
  headersEnd: Buffer.from("IKHD_ED"),
  banner: Buffer.from("Linux version "),
  xz: xzMagic,
  btf: btfMark,
  buildId: buildIdMark,
  elf: elfMark,
};

/** More configurations than an image has; each is decompressed to see whether it is one. */
const maxConfigs = 16;
const maxBanner = 1024;
/** More than an image has; each is looked at. */
const maxBanners = 256;

/** Looks through an image: the bytes of a kernel as they lie in memory, or the part of a file that holds them. */
export async function readImage(source: ByteSource, signal: AbortSignal | undefined): Promise<ImageContents> {
  const places = await findMarks(source, marks, signal);
  return {
    archive: await findArchive(source, places, signal),
    config: findConfig(source, places),
    banner: findBanner(source, places.banner),
    buildId: findBuildId(source, places.buildId, places.elf),
    btf: findBtf(source, places.btf),
  };
}

type Places = Record<keyof typeof marks, number[]>;

/**
 * The archive: what lies between its markers, or the first xz data that is one. Images hold the bytes of the xz magic for
 * other reasons (the kernel's own decoder, firmware, an initramfs), so every place is looked at.
 */
async function findArchive(
  source: ByteSource,
  places: Places,
  signal: AbortSignal | undefined,
): Promise<ByteSource | undefined> {
  for (const marked of between(source, places.headers, places.headersEnd, marks.headers.length)) {
    if (isXzHeader(marked, 0) && (await isArchive(marked, signal))) return marked;
  }
  let streams = 0;
  let end = 0;
  for (const place of places.xz) {
    if (place < end || !isXzHeader(source, place)) continue;
    streams += 1;
    if (streams > kernelFileLimits.xzStreams)
      throw overFileLimit("the number of its xz streams", kernelFileLimits.xzStreams, "streams");
    const data = xzDataAt(source, place);
    if (data === undefined) continue;
    if (await isArchive(data, signal)) return data;
    end = place + data.size;
  }
  return undefined;
}

function findConfig(source: ByteSource, places: Places): Uint8Array | undefined {
  let tried = 0;
  for (const marked of between(source, places.config, places.configEnd, marks.config.length)) {
    if (marked.size > kernelFileLimits.configBytes || tried >= maxConfigs) continue;
    tried += 1;
    const compressed = marked.read(0, marked.size);
    // A copy, not a view of all that was read with it.
    if (isConfig(compressed)) return new Uint8Array(compressed);
  }
  return undefined;
}

function isConfig(compressed: Uint8Array): boolean {
  try {
    const text = gunzipSync(compressed, { maxOutputLength: kernelFileLimits.configTextBytes });
    return text.includes("\nCONFIG_");
  } catch {
    // Not whole, not gzip, or not a configuration: the marker stood there by chance.
    return false;
  }
}

/** What lies between each start marker and the next end marker. */
function* between(
  source: ByteSource,
  starts: readonly number[],
  ends: readonly number[],
  markerBytes: number,
): Generator<ByteSource> {
  let next = 0;
  for (const [index, start] of starts.entries()) {
    while ((ends[next] ?? Number.POSITIVE_INFINITY) < start + markerBytes) next += 1;
    const end = ends[next];
    if (end === undefined) return;
    if (end > (starts[index + 1] ?? Number.POSITIVE_INFINITY)) continue;
    yield slice(source, start + markerBytes, end - start - markerBytes);
  }
}

/**
 * The banner, if the image has one and no other. `Linux version ` also begins formats for messages, which have no release
 * after it.
 */
function findBanner(source: ByteSource, places: readonly number[]): Banner | undefined {
  const banners = new Map<string, Banner>();
  for (const place of places.slice(0, maxBanners)) {
    const bytes = source.read(place, Math.min(maxBanner, source.size - place));
    const text = Buffer.from(bytes).toString("latin1").split("\n", 1)[0] ?? "";
    const [, release, version] = bannerPattern.exec(text) ?? [];
    if (release !== undefined && version !== undefined) banners.set(text, { text, release, version });
  }
  const [banner] = banners.values();
  return banners.size === 1 ? banner : undefined;
}

/**
 * Release, builder, compiler (with parentheses of its own) and version: Linux init/version.c, linux_banner. From 6.1 on, an
 * image has a second one whose version has no number, for the build's first step (init/version-timestamp.c).
 */
const bannerPattern = /^Linux version (\d[!-~]{0,127}) \([!-~]*\) \([ -~]*\) (#\d[ -~]{0,126})$/;
