import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { exitStatusOf } from "../../../shared/errors.js";
import type { SimulatedDevice } from "../../lab/index.js";
import { farmKernel, simulateMany } from "../../support/farm.js";
import { Workstation } from "../../support/workstation.js";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const example = join(repository, "docs/examples/pull.mjs");
const library: typeof import("../../../host/index.js") = await import(join(repository, "dist/index.mjs"));

const kernel = farmKernel("6.6.1-library");
let host: Workstation;
let devices: SimulatedDevice[];

beforeAll(async () => {
  host = await Workstation.open();
  devices = await simulateMany(host, 2, kernel.options);
});
afterAll(() => host.close());

describe("the example", () => {
  const run = (...args: string[]) =>
    host.kheaders([], { before: ["sh", "-c", `exec "$0" ${example} ${args.join(" ")}`, process.execPath] });

  it("pulls", async () => {
    const serial = devices[0]?.serial ?? "";
    const tree = `${host.cache}/trees/${kernel.digest}`;
    expect(await run(serial)).toMatchObject({
      status: 0,
      stdout: `6.6.1-library (x86_64): ${tree} (cache miss)\n`,
      stderr: expect.stringMatching(/^\d+ of \d+ bytes$/m),
    });
    expect(await run(serial)).toMatchObject({
      stdout: `6.6.1-library (x86_64): ${tree} (cache hit)\n`,
      stderr: "",
    });
  });

  it("tells what went wrong", async () => {
    expect(await run("nobody")).toMatchObject({
      status: exitStatusOf["unknown-serial"],
      stdout: "",
      stderr: expect.stringMatching(/^unknown-serial: /),
    });
  });
});

describe("the library", () => {
  let cache: Awaited<ReturnType<typeof library.openCache>>;
  let server: ReturnType<typeof library.adbServer>;
  const printed = vi.fn(() => true);

  beforeAll(async () => {
    server = library.adbServer({}, host.adb.env);
    cache = await library.openCache({ dir: join(host.folder("library"), "cache") });
  });
  beforeEach(() => {
    vi.spyOn(process.stdout, "write").mockImplementation(printed);
    vi.spyOn(process.stderr, "write").mockImplementation(printed);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(printed).not.toHaveBeenCalled();
  });

  it("pulls from many devices, with events and no printing", async () => {
    const events: string[] = [];
    const outcomes = await library.pullMany({
      server,
      cache,
      onEvent: (event) => events.push(event.type),
    });
    expect(outcomes.map(({ serial }) => serial).sort()).toEqual(devices.map(({ serial }) => serial).sort());
    expect(outcomes.map(({ result }) => result?.digest)).toEqual([kernel.digest, kernel.digest]);
    expect(outcomes.map(({ result }) => result?.cache).sort()).toEqual(["hit", "miss"]);
    expect(events.filter((type) => type === "ended")).toHaveLength(2);
  });

  it("tells which devices there are, and what is cached", async () => {
    const reports = await library.survey({ server, cache });
    expect(reports.map(({ kernel, headers, cached }) => [kernel?.release, headers, cached])).toEqual(
      devices.map(() => ["6.6.1-library", "module", true]),
    );
    const found = await library.findOffline({ release: "6.6.1-library" }, { cache });
    expect(found).toMatchObject({ digest: kernel.digest, serial: undefined });
    const located = {
      from: "cache",
      tree: found.tree,
      digest: kernel.digest,
      entry: { kernel: { release: "6.6.1-library" } },
    };
    const locate = (what: string) => library.withTree(what, { cache, server }, async (tree) => tree);
    for (const what of [kernel.digest, kernel.digest.slice(0, 12), found.tree])
      expect(await locate(what)).toMatchObject(located);
    expect(await locate(host.root)).toEqual({ from: "folder", tree: host.root });
    expect(library.treeEnvironment(found)).toMatchObject({ KHEADERS_TREE: found.tree });
  });

  it("keeps the module in where it is asked to, and unloads it", async () => {
    const [device] = devices;
    const choice = { serial: device?.serial };
    await library.pull({ server, cache, choice, refresh: true, keepLoaded: true });
    expect(await device?.hasArchive()).toBe(true);
    expect(await library.unload({ server, choice })).toEqual({ serial: device?.serial, unloaded: true });
    expect(await device?.hasArchive()).toBe(false);
  });

  it("watches until it is told to end", async () => {
    const enough = new AbortController();
    const pulled: string[] = [];
    const watching = library.watch({
      server,
      cache,
      settleSeconds: 0.05,
      signal: enough.signal,
      onEvent(event) {
        if (event.type === "pulled") pulled.push(event.serial);
        if (pulled.length === devices.length) enough.abort(new Error("enough"));
      },
    });
    await expect(watching).rejects.toThrow("enough");
    expect(pulled.sort()).toEqual(devices.map(({ serial }) => serial).sort());
  });

  it("looks at all that a pull needs", async () => {
    const choice = { serial: devices[0]?.serial };
    const checks = await library.doctor({ server, choice, cacheDir: cache.dir });
    expect(checks.filter(({ status }) => status === "failed")).toEqual([]);
    expect(checks.length).toBeGreaterThan(5);
  });

  it("fails with its own error, whose code says why", async () => {
    const failing = library.pull({ server, cache, choice: { serial: "nobody" } });
    await expect(failing).rejects.toBeInstanceOf(library.KheadersError);
    await expect(failing).rejects.toMatchObject({ code: "unknown-serial" });
  });
});

describe("the types", () => {
  it("fit a strict consumer, with no package but Node's types", () => {
    const project = host.folder("consumer");
    mkdirSync(join(project, "node_modules/@types"), { recursive: true });
    symlinkSync(repository, join(project, "node_modules/kheaders"));
    symlinkSync(join(repository, "node_modules/@types/node"), join(project, "node_modules/@types/node"));
    symlinkSync(join(repository, "node_modules/undici-types"), join(project, "node_modules/undici-types"));
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      preserveSymlinks: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2023"],
      module: "nodenext",
      types: ["node"],
    };
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["consumer.ts"] }),
    );
    writeFileSync(
      join(project, "consumer.ts"),
      `import { type Cache, type FarmEvent, KheadersError, openCache, pull, pullMany, type PullResult, watch } from "kheaders";
const cache: Cache = await openCache({ dir: "cache" });
const result: PullResult = await pull({ cache, choice: { serial: undefined }, signal: AbortSignal.timeout(1000) });
const digest: string = result.digest;
const tell = (event: FarmEvent) => event.type === "ended" && event.outcome.error?.code === "timed-out";
for (const { serial, error } of await pullMany({ cache, jobs: 2, onEvent: tell })) console.log(serial, error, digest);
// @ts-expect-error a digest is no bare string
result.digest = "0";
// @ts-expect-error adbd is never restarted on many devices
await pullMany({ root: "adb" }).catch((error: unknown) => error instanceof KheadersError);
const never: Promise<never> = watch({ devices: { serials: ["a"] } });
await never;
`,
    );
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    expect(run(process.execPath, [tsc, "-p", project])).toBe("");
  });
});

/** Runs a program, and gives what it prints, also where it fails. */
function run(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: "utf8" });
  } catch (error) {
    if (error instanceof Error && "stdout" in error) return String(error.stdout);
    throw error;
  }
}
