import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completePullOptions, type PullOptions } from "../../../../host/pull/options.js";
import { pull } from "../../../../host/pull/pull.js";
import { sharedStore } from "../../../../host/sharing/shared-store.js";
import { openRepository } from "../../../../host/store/open.js";
import { protocolVersion } from "../../../../shared/protocol.js";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { buildIdNamed } from "../../../support/cache-kernels.js";
import { FakeAdbServer } from "../../../support/fake-adb-server.js";
import { type FakeRegistry, fakeRegistry } from "../../../support/fake-registry.js";
import { FakeShell } from "../../../support/fake-shell.js";
import { digestOf, dotConfig, kernelArchive } from "../../../support/import-files.js";

/** A kernel that a device runs. */
interface Kernel {
  readonly release: string;
  readonly version: string;
  readonly archive: Buffer | undefined;
  /** Shown to root alone. */
  readonly buildId?: string;
}

const version = "#1 SMP PREEMPT Mon May  6 12:00:00 UTC 2024";
const kernelWith = (release: string, content = ""): Kernel & { readonly archive: Buffer } => ({
  release,
  version,
  archive: kernelArchive({
    "include/generated/utsrelease.h": `#define UTS_RELEASE "${release}"\n`,
    "include/linux/more.h": content,
  }),
});
const own = kernelWith("6.6.1-own");
const other = kernelWith("6.6.2-other", "/* other */");

let server: FakeAdbServer;
let registry: FakeRegistry;
let running: Kernel;
let rootAnswers: boolean;
/** The commands that the agent got. */
let asked: string[];

/** `/sys/kernel/notes` with a build-id (ELF's note of type NT_GNU_BUILD_ID). */
function notesWith(buildId: string): Buffer {
  const header = Buffer.alloc(12);
  for (const [index, value] of [4, buildId.length / 2, 3].entries()) header.writeUInt32LE(value, 4 * index);
  return Buffer.concat([header, Buffer.from("GNU\0"), Buffer.from(buildId, "hex")]);
}

async function agent(shell: FakeShell, command: string): Promise<void> {
  const nonce = /^KH_NONCE='(\w+)'$/m.exec(command)?.[1] ?? "";
  const { release, version: itsVersion, archive, buildId } = running;
  let isRoot = false;
  const hello = [
    "fingerprint=a/b:14/c",
    `release=${release}`,
    `version=${itsVersion}`,
    "machine=aarch64",
    "boot=none",
    "uid=2000",
  ];
  shell.print([`kheaders ${protocolVersion} ${nonce}`, ...hello, ".\n"].join("\n"));
  for (let input = await shell.input(); input !== undefined; input = await shell.input()) {
    const verb = input.text.trimEnd();
    asked.push(verb);
    const config = gzipSync(dotConfig);
    const notes = isRoot && buildId !== undefined ? notesWith(buildId) : undefined;
    const facts = [`config=${config.length}`, `notes=${notes?.length ?? "denied"}`];
    const content = Buffer.concat([config, notes ?? Buffer.alloc(0)]).toString("latin1");
    if (verb === "facts") shell.print(`${facts.join("\n")}\n.\n${content}`);
    else if (verb === "root command" && rootAnswers) {
      isRoot = true;
      shell.print(`root ${protocolVersion} ${nonce}\nuid=0\n.\n`);
    } else if (verb.startsWith("send") && archive !== undefined) {
      const [said, bytes] = verb.endsWith("facts") ? [facts, content] : [[], ""];
      const lines = [...said, "source=module", "path=/sys/kernel/kheaders.tar.xz", `size=${archive.length}`];
      shell.print(`${lines.join("\n")}\n.\n${bytes}${archive.toString("latin1")}unloaded=yes\n.\n`);
      // The real one ends by itself after the archive.
      return shell.exit(0);
    } else shell.print("error=no-module\n.\n");
  }
}

beforeEach(async () => {
  asked = [];
  running = own;
  rootAnswers = true;
  server = await FakeAdbServer.start(async (request, client) => {
    if (request === "host:devices-l") return client.okay("1234 device usb:1-1 transport_id:7\n");
    client.okay();
    const prefix = "shell,v2,raw:";
    if (request.startsWith(prefix)) await agent(new FakeShell(client), request.slice(prefix.length));
  });
});
afterEach(() => server.stop());

/** A pull by a host that has nothing in its cache. */
async function pullWith(
  options: Partial<PullOptions> & { readonly write?: boolean; readonly seconds?: number } = {},
) {
  const warnings: string[] = [];
  // Whatever credentials the user has.
  const environment = { XDG_CONFIG_HOME: "/nowhere", DOCKER_CONFIG: "/nowhere" };
  const repository = openRepository(`oci://${registry.host}/lab/kernels`, { stallSeconds: 1, environment });
  const { write = false, seconds = 60, ...others } = options;
  const complete = await completePullOptions({
    server: { endpoint: server.endpoint, environment: {} },
    choice: {},
    cache: temporaryCache(),
    store: { write, askSeconds: seconds, writeSeconds: seconds, open: async () => sharedStore(repository) },
    onProgress: (event) => {
      if (event.type === "warning") warnings.push(event.message);
    },
    ...others,
  });
  asked = [];
  const result = await pull(complete);
  return { ...result, warnings, isFromDevice: asked.some((verb) => verb.startsWith("send")) };
}

/** Fills the registry from devices that run these kernels. */
async function fill(...kernels: readonly Kernel[]): Promise<void> {
  registry = await fakeRegistry();
  for (running of kernels) expect((await pullWith({ write: true })).warnings).toEqual([]);
  running = own;
}

const tagFor = ({ archive }: { readonly archive: Buffer }) =>
  [...registry.manifests].find(
    ([tag, bytes]) => tag.startsWith("kernel-") && bytes.includes(digestOf(archive)),
  )?.[0] ?? "";

const hit = {
  isFromDevice: false,
  source: "store",
  cache: "miss",
  digest: digestOf(own.archive),
  warnings: [],
};

describe("a store that has the kernel", () => {
  test("serves it, and the device is asked for its facts alone", async () => {
    await fill(own, other);
    expect(await pullWith()).toMatchObject({ ...hit, proof: "version-and-config" });
    expect(asked).toEqual(["facts"]);
    running = { ...own, archive: undefined };
    expect(await pullWith({ root: "never" })).toMatchObject(hit);
  });

  test("is not asked with refresh, and what a cache has is a hit", async () => {
    await fill(own);
    registry.requests.length = 0;
    const cache = temporaryCache();
    expect(await pullWith({ cache, refresh: true })).toMatchObject({ source: "module", isFromDevice: true });
    expect(await pullWith({ cache })).toMatchObject({ cache: "hit" });
    expect(registry.requests).toEqual([]);
  });

  test("has kernels that look the same apart: root reads the build-id, and only then", async () => {
    const unstamped = (name: string) => ({
      ...kernelWith("6.6.3-maybe-dirty", `/* ${name} */`),
      version: "#1 SMP PREEMPT Thu Jan 1 00:00:00 UTC 1970",
      buildId: buildIdNamed(name),
    });
    const [one, two] = [unstamped("one"), unstamped("two")];
    registry = await fakeRegistry();
    for (const kernel of [one, two]) {
      running = kernel;
      // The build-id is known to root alone, as on most devices.
      const cache = temporaryCache();
      await pullWith({ cache });
      const [entry] = cache.entries();
      if (entry === undefined) throw new Error("nothing was pulled");
      const staging = await cache.stage(entry.kernel);
      await staging.discard();
      const known = { ...entry, kernel: { ...entry.kernel, buildId: kernel.buildId } };
      await sharedStore(openRepository(`oci://${registry.host}/lab/kernels`)).write(
        cache,
        known,
        new AbortController().signal,
      );
    }
    running = two;
    expect(await pullWith()).toMatchObject({
      isFromDevice: false,
      source: "store",
      proof: "build-id",
      digest: digestOf(two.archive),
    });
    expect(asked).toEqual(["facts", "root command", "facts"]);
    expect(await pullWith({ root: "never" })).toMatchObject({
      isFromDevice: true,
      digest: digestOf(two.archive),
    });
  });
});

type Answer = (request: IncomingMessage, answer: ServerResponse) => void;

/** Lets the registry answer so where a blob is read. */
const forBlobs = (respond: Answer) => () => {
  registry.fault = (request, answer) => {
    if (request.method !== "GET" || !request.url?.includes("/blobs/")) return false;
    respond(request, answer);
    return true;
  };
};

/** Changes the manifest that the kernel's tag names. */
function changeManifest(change: (text: string) => string): void {
  const tag = tagFor(own);
  registry.manifests.set(tag, Buffer.from(change(registry.manifests.get(tag)?.toString() ?? "")));
}

test.each<[what: string, warning: RegExp | undefined, break_: () => void]>([
  [
    "has other bytes in a blob",
    /another digest|archive/,
    () => {
      registry.blobs.set(`sha256:${digestOf(own.archive)}`, Buffer.alloc(own.archive.length, 7));
    },
  ],
  [
    "has the manifest of another kernel under the tag",
    undefined,
    () => {
      registry.manifests.set(tagFor(own), registry.manifests.get(tagFor(other)) ?? Buffer.alloc(0));
    },
  ],
  [
    "has the archive of another kernel in the manifest",
    /not of its archive's kernel/,
    () =>
      changeManifest((text) =>
        text
          .replace(digestOf(own.archive), digestOf(other.archive))
          .replace(`"size":${own.archive.length}`, `"size":${other.archive.length}`),
      ),
  ],
  [
    "says that the archive has 4 GB",
    /the limit is/,
    () => changeManifest((text) => text.replace(`"size":${own.archive.length}`, '"size":4294967296')),
  ],
  ["has no manifest under the tag, but a page", /not JSON/, () => changeManifest(() => "<html>")],
  [
    "sends 4 GB",
    /more than the/,
    forBlobs((_, answer) => {
      answer.writeHead(200);
      const piece = Buffer.alloc(1 << 20);
      const more = () => answer.write(piece, (error) => error ?? more());
      more();
    }),
  ],
  [
    "says 401",
    /no credentials/,
    forBlobs((_, answer) => answer.writeHead(401, { "www-authenticate": "Basic" }).end()),
  ],
  ["says 403", /403/, forBlobs((_, answer) => answer.writeHead(403).end())],
  [
    "says 429 for an hour",
    /busy/,
    forBlobs((_, answer) => answer.writeHead(429, { "retry-after": "3600" }).end()),
  ],
  ["says 500", /500/, forBlobs((_, answer) => answer.writeHead(500).end())],
  ["cuts the connection", /failed/, forBlobs((request) => request.socket.destroy())],
  [
    "stops in the middle",
    /does not answer for 1 s/,
    forBlobs((_, answer) => answer.writeHead(200).write("x")),
  ],
])("a store that %s: the device is pulled from, with the right headers", async (_, warning, break_) => {
  await fill(own, other);
  expect(await pullWith()).toMatchObject(hit);
  break_();
  const pulled = await pullWith();
  expect(pulled).toMatchObject({ isFromDevice: true, source: "module", digest: digestOf(own.archive) });
  if (warning === undefined) expect(pulled.warnings).toEqual([]);
  else expect(pulled.warnings.join("\n")).toMatch(warning);
});

test("a store that trickles costs its time and no more", async () => {
  await fill(own);
  forBlobs((_, answer) => {
    let sent = 0;
    const drop = () => {
      sent += 1;
      answer.write(own.archive.subarray(sent - 1, sent), (error) => error ?? setTimeout(drop, 20));
    };
    answer.writeHead(200);
    drop();
  })();
  const pulled = await pullWith({ seconds: 0.5 });
  expect(pulled).toMatchObject({
    isFromDevice: true,
    warnings: expect.arrayContaining([expect.stringContaining("took more than 0.5 s")]),
  });
});

test("a busy store is asked again when it says", async () => {
  await fill(own);
  let busy = true;
  registry.fault = ({ url = "" }, answer) => {
    if (!busy || !url.includes("/manifests/")) return false;
    busy = false;
    answer.writeHead(429, { "retry-after": "0" }).end();
    return true;
  };
  expect(await pullWith()).toMatchObject(hit);
});

test("other headers under the tag stay, and the pull only warns", async () => {
  await fill(own, other);
  changeManifest((text) => text.replace(digestOf(own.archive), digestOf(other.archive)));
  const before = registry.manifests.get(tagFor(other));
  const { warnings, digest } = await pullWith({ write: true, refresh: true });
  expect(digest).toBe(digestOf(own.archive));
  expect(warnings).toEqual([expect.stringContaining("the headers were not stored: ")]);
  expect(registry.manifests.get(tagFor(other))).toEqual(before);
});

test("a store that cannot be written is a warning", async () => {
  await fill(own);
  registry.manifests.clear();
  registry.blobs.clear();
  registry.fault = ({ method = "" }, answer) => {
    if (method === "GET" || method === "HEAD") return false;
    answer.writeHead(500).end('{"errors":[{"code":"UNKNOWN","message":"no space left on device"}]}');
    return true;
  };
  const { warnings } = await pullWith({ write: true });
  expect(warnings).toEqual([
    expect.stringMatching(/^the headers were not stored: .*no space left on device/),
  ]);
});
