import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readKernelFacts } from "../../../host/kernel/facts.js";

const dotConfig = "CONFIG_IKHEADERS=m\n";

describe("the raw files of a kernel", () => {
  it("tell its configuration, that one's digest, and the build-id", () => {
    const descriptor = Buffer.alloc(20, 0xab);
    const notes = Buffer.concat([
      Buffer.from(Uint32Array.of(4, 20, 3).buffer),
      Buffer.from("GNU\0"),
      descriptor,
    ]);
    expect(readKernelFacts({ config: gzipSync(dotConfig), notes })).toEqual({
      config: new Map([["CONFIG_IKHEADERS", "m"]]),
      configDigest: createHash("sha256").update(dotConfig).digest("hex"),
      buildId: "ab".repeat(20),
      problems: [],
    });
  });

  it("give the same digest however they were packed", () => {
    const digests = [1, 9].map((level) =>
      readKernelFacts({ config: gzipSync(dotConfig, { level }), notes: undefined }),
    );
    expect(digests[0]?.configDigest).toBe(digests[1]?.configDigest);
  });

  it("are each read, whichever was read before", () => {
    const files = ["CONFIG_A=y\n", "CONFIG_B=y\n"].map((text) => gzipSync(text));
    const read = [...files, ...files].map((config) => readKernelFacts({ config, notes: undefined }));
    expect(read.map(({ config }) => config && [...config.keys()])).toEqual([
      ["CONFIG_A"],
      ["CONFIG_B"],
      ["CONFIG_A"],
      ["CONFIG_B"],
    ]);
    expect(read[0]?.configDigest).not.toBe(read[1]?.configDigest);
  });

  it("may be unknown", () => {
    const unknown = { config: undefined, configDigest: undefined, buildId: undefined, problems: [] };
    expect(readKernelFacts({ config: undefined, notes: undefined })).toEqual(unknown);
  });

  it.each<{ what: string; config: Uint8Array }>([
    { what: "no gzip", config: Buffer.from("CONFIG_IKHEADERS=m\n") },
    { what: "nothing", config: new Uint8Array() },
    { what: "cut off", config: gzipSync(dotConfig).subarray(0, -4) },
    { what: "a bomb", config: gzipSync(Buffer.alloc(16 * 1024 * 1024)) },
    { what: "a packed nothing", config: gzipSync("") },
    { what: "another text", config: gzipSync("# no option is set\n") },
  ])("leave the configuration unknown if it is $what, and say so", ({ config }) => {
    expect(readKernelFacts({ config, notes: undefined })).toEqual({
      config: undefined,
      configDigest: undefined,
      buildId: undefined,
      problems: [expect.stringMatching(/^\/proc\/config\.gz .*unknown$/)],
    });
  });

  it.each([
    { what: "empty", notes: new Uint8Array() },
    { what: "cut off in a header", notes: new Uint8Array(7) },
    { what: "cut off in a descriptor", notes: Buffer.from(Uint32Array.of(4, 400, 3, 0).buffer) },
  ])("leave the build-id unknown if the notes are $what, and say so", ({ notes }) => {
    expect(readKernelFacts({ config: undefined, notes })).toEqual({
      config: undefined,
      configDigest: undefined,
      buildId: undefined,
      problems: [expect.stringMatching(/^\/sys\/kernel\/notes .*unknown$/)],
    });
  });
});
