import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import { type ArchiveLimits, archiveLimits } from "../../../../host/archive/limits.js";
import { decodeXz } from "../../../../host/archive/xz/decode.js";
import type { XzDecoder } from "../../../../host/archive/xz/decoder.js";
import { findXzUtils } from "../../../../host/archive/xz/find-program.js";
import { decodedInFlight, type FromDecoder, type ToDecoder } from "../../../../host/archive/xz/messages.js";
import { XzProgram } from "../../../../host/archive/xz/program.js";
import { startDecoder } from "../../../../host/archive/xz/start.js";
import { XzThread } from "../../../../host/archive/xz/thread.js";
import { KheadersError } from "../../../../shared/errors.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { inPieces, xz } from "../../../support/xz.js";

interface DecodeOptions {
  readonly onWarning?: (message: string) => void;
  readonly limits?: Partial<ArchiveLimits>;
  readonly pieces?: number;
  readonly signal?: AbortSignal;
}

/** Text that compresses, but not to nothing. */
const text = Buffer.from(
  Array.from({ length: 6_000 }, (_, line) => `#define N${line} ${line * 7919}\n`).join(""),
);
const small = Buffer.from("#define SMALL 1\n");

const decoders: [string, () => XzDecoder][] = [
  ["xz-decompress, in a thread", () => new XzThread()],
  ["the xz of the workstation", () => new XzProgram(xzOfThisMachine())],
];

function xzOfThisMachine(): string {
  const program = findXzUtils(process.env.PATH);
  if (program === undefined) throw new Error("the tests need the xz of XZ Utils on PATH");
  return program;
}

describe.each(decoders)("%s", (_, start) => {
  async function decode(compressed: Uint8Array, options: DecodeOptions = {}): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    const decoder = start();
    try {
      const decoded = decodeXz(inPieces(compressed, options.pieces), {
        limits: { ...archiveLimits, ...options.limits },
        signal: options.signal,
        onWarning: options.onWarning ?? (() => expect.unreachable()),
        decoder,
      });
      for await (const piece of decoded) pieces.push(piece);
    } finally {
      await decoder.close();
    }
    return Buffer.concat(pieces);
  }

  async function failureOf(compressed: Uint8Array, options: DecodeOptions = {}): Promise<KheadersError> {
    try {
      await decode(compressed, options);
    } catch (error) {
      if (error instanceof KheadersError) return error;
      throw error;
    }
    throw new Error("the xz data was accepted");
  }

  describe("decodes", () => {
    it.each([
      ["CRC64", []],
      ["CRC32", ["--check=crc32"]],
      ["a dictionary of 64 MiB", ["--lzma2=dict=64MiB"]],
      ["several blocks", ["--block-size=65536"]],
      ["several blocks that tell their sizes", ["-T2", "--block-size=65536"]],
      ["data that is stored", ["--lzma2=mode=fast,nice=2,dict=4KiB"]],
    ])("%s", async (_, options) => {
      expect((await decode(xz(text, ...options))).equals(text)).toBe(true);
    });

    it("data that does not compress", async () => {
      const noise = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * n * 2_654_435_761) >>> 24));
      expect((await decode(xz(noise))).equals(noise)).toBe(true);
    });

    it("several streams, with padding between them", async () => {
      const streams = Buffer.concat([xz(text), Buffer.alloc(8), xz(small), Buffer.alloc(4)]);
      expect((await decode(streams)).equals(Buffer.concat([text, small]))).toBe(true);
    });

    it("an empty stream", async () => {
      expect(await decode(xz(Buffer.alloc(0)))).toHaveLength(0);
    });

    it.each([
      ["a stream without check", Buffer.alloc(0)],
      ["a stream without check behind one that has it", xz(small)],
    ])("%s, with a warning", async (_, before) => {
      const warnings: string[] = [];
      const onWarning = (message: string) => warnings.push(message);
      const compressed = Buffer.concat([before, xz(text, "--check=none")]);
      const decoded = await decode(compressed, { onWarning });
      expect(decoded.subarray(-text.length).equals(text)).toBe(true);
      expect(warnings).toEqual([expect.stringContaining("has no integrity check")]);
    });

    it("input that comes byte by byte, and in pieces of nothing", async () => {
      expect((await decode(xz(small), { pieces: 1 })).equals(small)).toBe(true);
      async function* withNothing() {
        for await (const piece of inPieces(xz(small), 10)) {
          yield new Uint8Array(0);
          yield piece;
        }
      }
      const pieces: Uint8Array[] = [];
      const options = { limits: archiveLimits, decoder: start() };
      for await (const piece of decodeXz(withNothing(), options)) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(small)).toBe(true);
    });

    it("two archives at the same time", async () => {
      const [first, second] = await Promise.all([decode(xz(text)), decode(xz(small))]);
      expect(first.equals(text)).toBe(true);
      expect(second.equals(small)).toBe(true);
    });

    it("without changing what it is given", async () => {
      const compressed = xz(text);
      const copy = Buffer.from(compressed);
      await decode(compressed);
      expect(compressed.equals(copy)).toBe(true);
    });
  });

  describe("refuses", () => {
    it.each([
      [
        "a SHA-256 check",
        xz(small, "--check=sha256"),
        "has the integrity check SHA-256; only CRC32 and CRC64",
      ],
      [
        "a dictionary over 64 MiB",
        xz(small, "--lzma2=dict=65MiB"),
        "dictionary of its xz data is over the limit of 67,108,864",
      ],
      ["the x86 filter", xz(small, "--x86", "--lzma2"), "uses the filter BCJ x86; only LZMA2 is supported"],
      ["the ARM filter", xz(small, "--arm", "--lzma2"), "uses the filter BCJ ARM;"],
      ["the Delta filter", xz(small, "--delta=dist=4", "--lzma2"), "uses the filter Delta;"],
    ])("%s", async (_, compressed, says) => {
      const error = await failureOf(compressed);
      expect(error.code).toBe("archive-refused");
      expect(error.message).toContain(says);
    });

    it("a dictionary over the limit in a second block", async () => {
      // A block of one stream put into another: the index does not fit any more, but it comes later.
      const block = xz(small, "--lzma2=dict=96MiB").subarray(12);
      const first = xz(small);
      const indexStart = first.length - 12 - (first.readUInt32LE(first.length - 8) + 1) * 4;
      const error = await failureOf(Buffer.concat([first.subarray(0, indexStart), block]));
      expect(error.message).toContain("the dictionary of its xz data is over the limit");
    });

    it("a bomb, before it is decoded", async () => {
      const bomb = xz(Buffer.alloc(16 * 1024 * 1024));
      expect(bomb.length).toBeLessThan(4_000);
      const error = await failureOf(bomb, { limits: { unpackedBytes: 1_000_000 } });
      expect(error.code).toBe("archive-refused");
      expect(error.message).toContain("its unpacked size is over the limit of 1,000,000 bytes");
    });

    it("more compressed bytes than the limit", async () => {
      const compressed = xz(text);
      const error = await failureOf(compressed, { limits: { compressedBytes: compressed.length - 1 } });
      expect(error.message).toContain("its compressed size is over the limit");
      expect(await decode(compressed, { limits: { compressedBytes: compressed.length } })).toHaveLength(
        text.length,
      );
    });
  });

  describe("notices damage:", () => {
    it.each([
      ["nothing at all", Buffer.alloc(0), "it is empty"],
      ["another format", Buffer.from("\x1f\x8b\x08 and so on", "latin1"), "it is gzip data, not xz"],
      ["LZMA without xz", xz(small, "--format=lzma"), "it is LZMA data, not xz"],
      ["text", Buffer.from("modprobe: not found\n"), "it is not xz data"],
      ["trailing garbage", Buffer.concat([xz(small), Buffer.from("garbage!")]), "something follows the end"],
      ["padding of the wrong size", Buffer.concat([xz(small), Buffer.alloc(3)]), "breaks off after"],
      ["half a second stream", Buffer.concat([xz(small), xz(small).subarray(0, 30)]), "breaks off after"],
    ])("%s", async (_, compressed, says) => {
      const error = await failureOf(compressed);
      expect(error.code).toBe("archive-corrupt");
      expect(error.message).toContain(says);
    });

    it("a file that is cut short, wherever", async () => {
      const compressed = xz(small);
      for (let length = 1; length < compressed.length; length += 3) {
        const error = await failureOf(compressed.subarray(0, length));
        expect(error.message).toContain(`the xz data breaks off after ${length} bytes`);
      }
    });

    it("a flipped bit in the first byte of an LZMA chunk, which no checksum covers", async () => {
      const damaged = xz(text);
      const blockHeaderSize = (damaged.readUInt8(12) + 1) * 4;
      const first = 12 + blockHeaderSize + 6;
      expect(damaged.readUInt8(first)).toBe(0);
      damaged.writeUInt8(1, first);
      expect((await failureOf(damaged)).code).toBe("archive-corrupt");
    });

    it("a flipped bit anywhere", async () => {
      const compressed = xz(Buffer.concat([small, text.subarray(0, 200)]));
      const flips = Array.from(compressed.keys()).filter((offset) => offset % 4 === 0);
      expect(flips.length).toBeGreaterThan(40);
      for (const offset of flips) {
        const damaged = Buffer.from(compressed);
        damaged.writeUInt8(damaged.readUInt8(offset) ^ (1 << (offset % 8)), offset);
        const error = await failureOf(damaged);
        expect(["archive-corrupt", "archive-refused"]).toContain(error.code);
      }
    });
  });

  describe("ends early", () => {
    const options = () => ({ limits: archiveLimits, decoder: start() });

    it("with the signal's reason, though the source says nothing", async () => {
      const controller = new AbortController();
      const reason = new KheadersError("interrupted", "Interrupted.");
      const source = {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>(() => {}) }),
      };
      const next = decodeXz(source, { ...options(), signal: controller.signal }).next();
      controller.abort(reason);
      await expect(next).rejects.toBe(reason);
      await expect(decode(xz(small), { signal: controller.signal })).rejects.toBe(reason);
    });

    it("with the source's own error", async () => {
      const lost = new KheadersError("device-lost", "The device is gone.");
      async function* source() {
        yield xz(text).subarray(0, 1_000);
        throw lost;
      }
      await expect(decodeXz(source(), options()).next()).rejects.toBe(lost);
    });

    it("and closes the source, when the receiver has enough", async () => {
      let closed: () => void = () => {};
      const closing = new Promise<void>((resolve) => {
        closed = resolve;
      });
      async function* source() {
        try {
          yield xz(text);
          for (;;) yield await setImmediate(Buffer.alloc(4));
        } finally {
          closed();
        }
      }
      for await (const piece of decodeXz(source(), options())) {
        expect(piece.length).toBeGreaterThan(0);
        break;
      }
      await closing;
    });
  });
});

describe("the decoder thread", () => {
  it("stops when the receiver is behind, and goes on when it is not", async () => {
    const size = 8 * 1024 * 1024;
    const worker = new Worker(new URL("../../../../dist/xz-worker.js", import.meta.url));
    const tell = (message: ToDecoder) => worker.postMessage(message);
    let received = 0;
    let goesOn = false;
    const started = once(worker, "message");
    const done = new Promise<void>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("message", (message: FromDecoder) => {
        if (message.type === "done") resolve();
        if (message.type !== "output") return;
        received += message.bytes.length;
        if (goesOn) tell({ type: "used", bytes: message.bytes.length });
      });
    });
    try {
      tell({ type: "input", bytes: xz(Buffer.alloc(size)) });
      tell({ type: "end" });
      await started;
      for (let before = -1; before !== received; await setTimeout(100)) before = received;
      const inFlight = received;
      goesOn = true;
      tell({ type: "used", bytes: inFlight });
      await done;
      expect(inFlight).toBeLessThanOrEqual(decodedInFlight + 64 * 1024);
      expect(received).toBe(size);
    } finally {
      await worker.terminate();
    }
  });
});

describe("the xz of the workstation", () => {
  it("waits when the receiver is behind, and goes on when it is not", async () => {
    const content = Buffer.alloc(8 * 1024 * 1024);
    const compressed = xz(content);
    const decoder = new XzProgram(xzOfThisMachine());
    try {
      const before = process.memoryUsage().arrayBuffers;
      await decoder.write(compressed);
      decoder.end();
      const first = await decoder.read();
      await setTimeout(200);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(decodedInFlight);
      let received = first?.length ?? 0;
      for (let piece = await decoder.read(); piece !== undefined; piece = await decoder.read()) {
        received += piece.length;
      }
      expect(received).toBe(content.length);
    } finally {
      await decoder.close();
    }
  });

  it.each([
    ["is killed", "kill -9 $$", "ended unexpectedly"],
    ["fails without reading anything", "exit 1", "does not fit its own checksums"],
  ])("that %s is an error", async (_, script, says) => {
    const program = executable(path.join(temporaryFolder(), "xz"), script);
    const decoded = decodeXz(inPieces(xz(text)), {
      limits: archiveLimits,

      decoder: new XzProgram(program),
    });
    await expect(decoded.next()).rejects.toThrow(says);
  });

  it("that cannot be started is an error", async () => {
    const decoded = decodeXz(inPieces(xz(small)), {
      limits: archiveLimits,

      decoder: new XzProgram(path.join(temporaryFolder(), "xz")),
    });
    await expect(decoded.next()).rejects.toMatchObject({ code: "internal-error" });
  });

  it("is not disturbed by the options of the user's environment", async () => {
    vi.stubEnv("XZ_OPT", "--list");
    vi.stubEnv("XZ_DEFAULTS", "--list");
    const decoder = new XzProgram(xzOfThisMachine());
    try {
      await decoder.write(xz(small));
      decoder.end();
      expect(Buffer.from((await decoder.read()) ?? "").equals(small)).toBe(true);
    } finally {
      await decoder.close();
      vi.unstubAllEnvs();
    }
  });
});

describe("which decoder", () => {
  it("is the xz of XZ Utils, the first on PATH", () => {
    const folder = temporaryFolder();
    const other = temporaryFolder();
    const program = executable(path.join(folder, "xz"), "exit 0");
    executable(path.join(other, "xz"), "exit 0");
    expect(findXzUtils(`${folder}:${other}`)).toBe(program);
  });

  it("is not one that may not be run, nor a folder, nor busybox's, which does not verify CRC64", () => {
    const folder = temporaryFolder();
    const [plain, directory, busybox] = ["plain", "directory", "busybox"].map((name) => {
      const place = path.join(folder, name);
      mkdirSync(place);
      return place;
    }) as [string, string, string];
    writeFileSync(path.join(plain, "xz"), "#!/bin/sh\n", { mode: 0o644 });
    mkdirSync(path.join(directory, "xz"));
    symlinkSync(executable(path.join(busybox, "busybox"), "exit 0"), path.join(busybox, "xz"));
    expect(findXzUtils([plain, directory, busybox].join(":"))).toBeUndefined();
    expect(findXzUtils([plain, directory, busybox, process.env.PATH].join(":"))).toBe(xzOfThisMachine());
  });

  it("is not one of the current folder", () => {
    const folder = temporaryFolder();
    executable(path.join(folder, "xz"), "exit 0");
    const relative = path.relative(process.cwd(), folder);
    expect(findXzUtils(`${relative}::.`)).toBeUndefined();
  });

  it("is xz-decompress where there is no xz", async () => {
    vi.stubEnv("PATH", temporaryFolder());
    const decoder = startDecoder();
    vi.unstubAllEnvs();
    await decoder.close();
    expect(decoder).toBeInstanceOf(XzThread);
  });
});

function executable(file: string, script: string): string {
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
