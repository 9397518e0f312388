import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  keptBtfFromHeaders,
  type MakeBtfOptions,
  withBtfFromHeaders,
} from "../../../host/btf/from-headers.js";
import { tracerHeaders } from "../../../host/build/tracer-headers.js";
import type { Digest } from "../../../shared/identity.js";
import type { ProgressEvent } from "../../../shared/progress.js";
import { archiveOf, leftoversIn, temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { writeFakeClang } from "../../support/fake-clang.js";
import { fakeProgram } from "../../support/fake-program.js";

const contents = {
  "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57"\n',
  "include/generated/autoconf.h": "#define CONFIG_64BIT 1\n",
};

let options: MakeBtfOptions;
let tree: string;
let digest: Digest;
let events: ProgressEvent[];

/** Stands for pahole; `$out` is the file to make, and `$3` the object. */
function fakePahole(body: string): void {
  fakeProgram("pahole", `out=\${2#--btf_encode_detached=}\n${body}`);
}

beforeEach(async () => {
  const cache = temporaryCache();
  const archive = () => archiveOf(contents);
  ({ tree, digest } = await pullInto(cache, { identity: kernel(), serial: "one", archive }));
  events = [];
  options = {
    cache,
    refresh: false,
    signal: new AbortController().signal,
    onProgress: (event) => events.push(event),
    clang: writeFakeClang(temporaryFolder(), { clangBody: 'cat >"$out"' }),
  };
  fakePahole('{ echo "BTF of"; cat "$3"; } >"$out"');
});
afterEach(() => vi.unstubAllEnvs());

describe("BTF from headers", () => {
  it("is made once, of all headers that tracers use, and lies beside the tree", async () => {
    const made = await keptBtfFromHeaders(tree, digest, options);
    const headers = tracerHeaders.map(({ header }) => header);
    expect(made).toMatchObject({ cache: "miss", headers, leftOut: [] });
    expect(dirname(dirname(made.path))).toBe(join(options.cache.dir, "extras", digest));
    expect(readFileSync(made.path, "utf8")).toBe(
      `BTF of\n${headers.map((h) => `#include <${h}>\n`).join("")}`,
    );
    fakePahole("exit 1");
    expect(await keptBtfFromHeaders(tree, digest, options)).toEqual({ ...made, cache: "hit" });
    expect(leftoversIn(options.cache.dir)).toEqual([]);
  });

  it("is made anew if asked to, or if it was damaged", async () => {
    const { path } = await keptBtfFromHeaders(tree, digest, options);
    fakePahole('echo newer >"$out"');
    const made = await keptBtfFromHeaders(tree, digest, { ...options, refresh: true });
    expect([made.path, readFileSync(path, "utf8")]).toEqual([path, "newer\n"]);
    writeFileSync(join(dirname(path), "record.json"), "{}");
    fakePahole('echo newest >"$out"');
    expect(await keptBtfFromHeaders(tree, digest, options)).toMatchObject({ cache: "miss" });
    expect(readFileSync(path, "utf8")).toBe("newest\n");
  });

  it("is told if pahole makes none, whatever its status, and nothing is kept", async () => {
    for (const body of ['echo "no DWARF" >&2; exit 1', 'echo "no DWARF" >&2']) {
      fakePahole(body);
      await expect(keptBtfFromHeaders(tree, digest, options)).rejects.toMatchObject({
        code: "compile-failed",
        message: "pahole does not make BTF of the headers: no DWARF",
        hint: expect.stringContaining("apt install pahole"),
      });
    }
    expect(options.cache.extra(digest, "btf-headers-1")).toBeUndefined();
    expect(leftoversIn(options.cache.dir)).toEqual([]);
  });

  it("needs pahole", async () => {
    vi.stubEnv("PATH", "/nowhere");
    const clang = { ...options, clang: writeFakeClang(temporaryFolder(), { clangBody: ": >$out" }) };
    await expect(keptBtfFromHeaders(tree, digest, clang)).rejects.toMatchObject({ code: "tool-missing" });
  });

  it("tells of headers that it had to leave out", async () => {
    const clangBody =
      'input=$(cat); case $input in *tcp.h*) echo "error: no tcp" >&2; exit 1; esac; : >"$out"';
    const clang = writeFakeClang(temporaryFolder(), { clangBody });
    const { leftOut } = await keptBtfFromHeaders(tree, digest, { ...options, clang });
    expect(leftOut).toEqual([{ header: "net/tcp.h", error: "error: no tcp" }]);
    const message = "net/tcp.h was left out, because it does not compile: error: no tcp";
    expect(events).toContainEqual({ type: "warning", message });
  });

  it("of a folder outside the cache is there only while it is used", async () => {
    const path = await withBtfFromHeaders(tree, options, async (made) => {
      expect(existsSync(made.path)).toBe(true);
      return made.path;
    });
    expect(existsSync(path)).toBe(false);
  });
});
