import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type PchOptions, precompileHeaders } from "../../../host/build/pch.js";
import type { Cache } from "../../../host/cache/index.js";
import { archiveOf, leftoversIn, temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { type FakeClangOptions, writeFakeClang } from "../../support/fake-clang.js";

const contents = {
  "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57"\n',
  "include/generated/autoconf.h": "#define CONFIG_64BIT 1\n",
};
/** Stands for a clang that precompiles what it reads from standard input. */
const clangBody = 'cat >"$out"; echo "out: -" >"$out.d"';

let cache: Cache;
let located: PchOptions["located"];
let said: string;
let warnings: string[];

beforeEach(async () => {
  cache = temporaryCache();
  const archive = () => archiveOf(contents);
  located = { from: "cache", ...(await pullInto(cache, { identity: kernel(), serial: "one", archive })) };
  said = "";
  warnings = [];
});

function precompile(options: Partial<PchOptions> = {}, tools: FakeClangOptions = {}) {
  const bin = temporaryFolder();
  return precompileHeaders({
    located,
    cache,
    purpose: "bpf",
    headers: ["linux/sched.h"],
    clang: writeFakeClang(bin, { clangBody, ...tools }),
    flags: [],
    output: undefined,
    signal: new AbortController().signal,
    onDiagnostics: (text) => {
      said += text;
    },
    onWarning: (message) => warnings.push(message),
    ...options,
  });
}

const failure = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

const extras = () => path.join(cache.dir, "extras", located.digest ?? "");

describe("a precompiled header", () => {
  it("is made of the headers in their order, and lies alone beside the tree", async () => {
    const made = await precompile({ headers: ["net/sock.h", "linux/sched.h"] });
    expect(made).toMatchObject({ cache: "miss", release: "6.1.57", flags: ["-include-pch", made.path] });
    expect(readFileSync(made.path, "utf8")).toBe("#include <net/sock.h>\n#include <linux/sched.h>\n");
    expect(readdirSync(extras())).toEqual([path.basename(path.dirname(made.path))]);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  it("is made of what tracers use where no header is named", async () => {
    const { headers } = await precompile({ headers: [] });
    expect(headers).toEqual(expect.arrayContaining(["linux/sched.h", "net/sock.h", "linux/fs.h"]));
  });

  it("of another clang is another one", async () => {
    const one = await precompile();
    expect(await precompile({}, { clangBody: "exit 1" })).toMatchObject({ cache: "hit", path: one.path });
    const other = await precompile({}, { version: "16.0.6" });
    expect(other).toMatchObject({ cache: "miss" });
    expect(other.path).not.toBe(one.path);
  });

  it.each([
    ["is missing", (made: string) => rmSync(made)],
    ["has lost its list of inputs", (made: string) => rmSync(path.join(path.dirname(made), "inputs.json"))],
  ])("that %s is made again", async (_what, harm) => {
    const { path: made } = await precompile();
    harm(made);
    expect(await precompile()).toMatchObject({ cache: "miss", path: made });
    expect(existsSync(made)).toBe(true);
    expect(await precompile()).toMatchObject({ cache: "hit" });
  });

  it("is not kept where clang refuses the headers, and what clang says is passed on", async () => {
    const refused = precompile({}, { clangBody: "echo 'no such header' >&2; exit 1" });
    await expect(refused).rejects.toThrow(failure("compile-failed", /does not compile these headers/));
    expect(said).toBe("no such header\n");
    expect(existsSync(extras())).toBe(false);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  it("is not made by a clang that is too old, nor of what is no header", async () => {
    await expect(precompile({}, { version: "13.0.1" })).rejects.toThrow(failure("tool-missing", /too old/));
    for (const header of ["", "a>b", 'a"b', "a\nb"]) {
      await expect(precompile({ headers: [header] })).rejects.toThrow(
        failure("usage", /cannot be the name of a header/),
      );
    }
  });

  it("goes where it is told to, which a folder of the user's own needs", async () => {
    const folder = temporaryFolder();
    const own = { from: "folder", tree: located.tree } as const;
    await expect(precompile({ located: own })).rejects.toThrow(failure("usage", /is not in the cache/));
    const output = path.join(folder, "headers.pch");
    expect(await precompile({ located: own, output })).toMatchObject({ cache: "miss", path: output });
    truncateSync(output);
    expect(await precompile({ output })).toMatchObject({ cache: "miss", bytes: 25 });
    mkdirSync(path.join(folder, "taken"));
    await expect(precompile({ output: path.join(folder, "taken") })).rejects.toThrow(
      failure("output-failed", /not a regular file/),
    );
    expect(readdirSync(folder).sort()).toEqual(["headers.pch", "taken"]);
    expect(existsSync(extras())).toBe(false);
  });
});
