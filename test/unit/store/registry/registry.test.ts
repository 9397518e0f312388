import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { parseStoreAddress, type StoreAddress } from "../../../../host/store/address.js";
import { contentOf, readAll } from "../../../../host/store/content.js";
import type { Credentials } from "../../../../host/store/credentials/credentials.js";
import { formatManifest } from "../../../../host/store/manifest.js";
import { RegistryRepository } from "../../../../host/store/registry/registry.js";
import { asTag, type Tag } from "../../../../host/store/repository.js";
import { digestText, type FakeRegistry, fakeRegistry, serve } from "../../../support/fake-registry.js";

const { signal } = new AbortController();
const tag = asTag("buildid-00") as Tag;
const blob = contentOf("application/vnd.example", Buffer.from("headers ".repeat(50_000)));
const manifest = formatManifest({ artifactType: undefined, layers: [blob], annotations: new Map() });
const ci: Credentials = { kind: "password", username: "ci", password: "secret" };
const basic = `Basic ${Buffer.from("ci:secret").toString("base64")}`;

function open(host: string, credentials?: Credentials, stallSeconds = 20): RegistryRepository {
  const address = parseStoreAddress(`oci://${host}/lab/kernels`) as Extract<
    StoreAddress,
    { kind: "registry" }
  >;
  return new RegistryRepository({
    address,
    insecure: false,
    stallSeconds,
    credentials: async () => credentials,
  });
}

async function filled(): Promise<FakeRegistry> {
  const registry = await fakeRegistry();
  registry.blobs.set(`sha256:${blob.digest}`, Buffer.from("headers ".repeat(50_000)));
  registry.manifests.set(tag, manifest);
  return registry;
}

const readBlob = (store: RegistryRepository) => readAll(store.blob(blob, signal), 1e6);

test("what is put there is found again", async () => {
  const registry = await fakeRegistry();
  const store = open(registry.host);
  expect(await store.manifest(tag, signal)).toBeUndefined();
  expect(await store.tags(signal)).toEqual([]);
  await store.putBlob(blob, signal);
  await store.putManifest(tag, manifest, signal);
  expect(await store.tags(signal)).toEqual([tag]);
  expect((await store.manifest(tag, signal))?.bytes).toEqual(manifest);
  expect((await readBlob(store))?.length).toBe(blob.size);
});

test("it is reached before it is asked, and answers that nobody reads do not cost a connection each", async () => {
  const registry = await filled();
  const sockets = new Set<unknown>();
  registry.fault = ({ socket }) => {
    sockets.add(socket);
    return false;
  };
  const store = open(registry.host);
  await store.connect(signal);
  expect(registry.requests.map(({ url }) => url)).toEqual(["/v2/"]);
  for (let count = 0; count < 5; count += 1)
    expect(await store.manifest(asTag("none") as Tag, signal)).toBeUndefined();
  expect(registry.requests).toHaveLength(6);
  // fetch begins a second one where the first has just given its last byte.
  expect(sockets.size).toBeLessThanOrEqual(2);
});

test("one that cannot be reached is told to whoever asks it", async () => {
  const registry = await filled();
  registry.fault = ({ url }, answer) => {
    if (url === "/v2/") answer.destroy();
    return url === "/v2/";
  };
  const store = open(registry.host);
  await store.connect(signal);
  await expect(store.manifest(tag, signal)).rejects.toMatchObject({ code: "store-failed" });
});

test("a blob that is there is not sent again", async () => {
  const registry = await filled();
  await open(registry.host).putBlob(blob, signal);
  expect(registry.requests.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
});

test("tags come in pages", async () => {
  const registry = await fakeRegistry();
  registry.fault = ({ url = "" }, answer) => {
    const page = Number(new URL(url, "http://x").searchParams.get("page") ?? 0);
    if (!url.includes("/tags/list")) return false;
    const link = page < 2 ? { link: `</v2/lab/kernels/tags/list?n=1000&page=${page + 1}>; rel="next"` } : {};
    answer.writeHead(200, link).end(JSON.stringify({ tags: [`tag-${page}`, "not a tag", 7] }));
    return true;
  };
  expect(await open(registry.host).tags(signal)).toEqual(["tag-0", "tag-1", "tag-2"]);
});

test("a list of tags without an end is given up", async () => {
  const registry = await fakeRegistry();
  registry.fault = ({ url = "" }, answer) => {
    if (!url.includes("/tags/list")) return false;
    answer.writeHead(200, { link: `<${url}>; rel="next"` }).end('{"tags":["a"]}');
    return true;
  };
  await expect(open(registry.host).tags(signal)).rejects.toMatchObject({ code: "store-corrupt" });
});

type Faulty = (request: IncomingMessage, answer: ServerResponse) => void;
const json = { "content-type": "application/json" };

test.each<[what: string, code: string, message: string, fault: Faulty]>([
  [
    "500",
    "store-failed",
    "it says 500 UNKNOWN: disk on fire",
    (_, answer) =>
      answer.writeHead(500, json).end('{"errors":[{"code":"UNKNOWN","message":"disk on fire"}]}'),
  ],
  [
    "403",
    "store-denied",
    "it says 403 DENIED",
    (_, answer) => answer.writeHead(403, json).end('{"errors":[{"code":"DENIED"}]}'),
  ],
  [
    "an error with an escape sequence",
    "store-failed",
    "it says 500 \\x1b[2J",
    (_, answer) => answer.writeHead(500, json).end(JSON.stringify({ errors: [{ code: "\u001b[2J" }] })),
  ],
  [
    "401 of an unknown kind",
    "store-failed",
    "unknown kind of authentication",
    (_, answer) => answer.writeHead(401, { "www-authenticate": "Negotiate" }).end(),
  ],
  [
    "401 where there are no credentials",
    "store-denied",
    "there are no credentials for it",
    (_, answer) => answer.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end(),
  ],
  [
    "a token server over plain http",
    "store-failed",
    "",
    (_, answer) =>
      answer.writeHead(401, { "www-authenticate": 'Bearer realm="http://127.0.0.1:9/token"' }).end(),
  ],
  [
    "a token server that is no address",
    "store-corrupt",
    "no https:// address",
    (_, answer) => answer.writeHead(401, { "www-authenticate": 'Bearer realm="file:///etc/passwd"' }).end(),
  ],
  [
    "429 for a day",
    "store-failed",
    "asked again later (86400)",
    (_, answer) => answer.writeHead(429, { "retry-after": "86400" }).end(),
  ],
  [
    "429 again and again",
    "store-failed",
    "too often (429)",
    (_, answer) => answer.writeHead(429, { "retry-after": "0" }).end(),
  ],
  [
    "redirects in a circle",
    "store-failed",
    "more than 5 times",
    (request, answer) => answer.writeHead(307, { location: request.url }).end(),
  ],
  [
    "a redirect to nowhere",
    "store-corrupt",
    "invalid address",
    (_, answer) => answer.writeHead(307, { location: "http://[" }).end(),
  ],
  [
    "a redirect to a file",
    "store-corrupt",
    "leads from",
    (_, answer) => answer.writeHead(307, { location: "file:///etc/passwd" }).end(),
  ],
  ["a connection that is cut before the answer", "store-failed", "", (request) => request.socket.destroy()],
  [
    "a connection that is cut in the answer",
    "store-failed",
    "",
    (_, answer) => {
      answer.writeHead(200, { "content-length": blob.size });
      answer.write("headers ", () => answer.destroy());
    },
  ],
  [
    "a blob with another digest",
    "store-corrupt",
    "another digest",
    (_, answer) => answer.end(Buffer.alloc(blob.size, 32)),
  ],
  ["a blob that is shorter", "store-corrupt", "has 3 of the", (_, answer) => answer.end("hea")],
  [
    "a blob of 4 GB",
    "store-corrupt",
    "more than the 400000 bytes",
    (_, answer) => {
      answer.writeHead(200, { "content-length": 4 * 2 ** 30 });
      const piece = Buffer.alloc(1 << 20);
      const more = () => answer.write(piece, (error) => error ?? more());
      more();
    },
  ],
  ["no blob", "store-corrupt", "is missing", (_, answer) => answer.writeHead(404).end()],
])("%s", async (_, code, message, fault) => {
  const registry = await filled();
  registry.fault = (request, answer) => {
    if (request.url?.includes("/blobs/") !== true) return false;
    fault(request, answer);
    return true;
  };
  await expect(readBlob(open(registry.host))).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test("a registry that does not answer, or stops in the middle, costs the time limit", async () => {
  const registry = await filled();
  registry.fault = ({ url = "" }) => url.includes("/manifests/");
  const store = open(registry.host, undefined, 0.2);
  await expect(store.manifest(tag, signal)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining("does not answer for 0.2 s"),
  });
  registry.fault = (_, answer) => {
    answer.writeHead(200, { "content-length": blob.size }).write("headers ");
    return true;
  };
  await expect(readBlob(store)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining("does not answer"),
  });
});

test("whoever takes the bytes may take their time", async () => {
  const registry = await filled();
  const chunks = open(registry.host, undefined, 0.3).blob(blob, signal);
  let bytes = 0;
  for await (const chunk of chunks) {
    if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 800));
    bytes += chunk.length;
  }
  expect(bytes).toBe(blob.size);
});

test("the caller's signal ends a request, with its reason", async () => {
  const registry = await filled();
  const controller = new AbortController();
  registry.fault = ({ url = "" }) => {
    if (!url.includes("/manifests/")) return false;
    controller.abort(new Error("stop"));
    return true;
  };
  await expect(open(registry.host).manifest(tag, controller.signal)).rejects.toThrow("stop");
});

test("a busy registry is asked again when it says", async () => {
  const registry = await filled();
  let busy = 2;
  registry.fault = (_, answer) => {
    if (busy-- <= 0) return false;
    answer
      .writeHead(busy === 0 ? 503 : 429, { "retry-after": busy === 0 ? new Date().toUTCString() : "0" })
      .end();
    return true;
  };
  // The first request finds out whether it speaks TLS.
  busy = 3;
  expect((await readBlob(open(registry.host)))?.length).toBe(blob.size);
});

test("no one listens", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await expect(open(`127.0.0.1:${port}`).manifest(tag, signal)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining("connection refused"),
  });
});

test("Basic: the credentials are sent only after they were asked for, and to reads and writes", async () => {
  const registry = await filled();
  registry.fault = ({ headers }, answer) => {
    if (headers.authorization === basic) return false;
    answer.writeHead(401, { "www-authenticate": 'Basic realm="lab"' }).end();
    return true;
  };
  const store = open(registry.host, ci);
  expect((await store.manifest(tag, signal))?.bytes).toEqual(manifest);
  await store.putManifest(tag, manifest, signal);
  expect(registry.requests.map(({ authorization }) => authorization)).toEqual([
    undefined,
    undefined,
    basic,
    basic,
  ]);
  const wrong = open(registry.host, { ...ci, password: "wrong" } as Credentials);
  await expect(wrong.manifest(tag, signal)).rejects.toMatchObject({
    code: "store-denied",
    message: expect.stringContaining("the credentials were not accepted"),
    hint: expect.stringContaining(`docker login ${registry.host}`),
  });
});

/** A registry behind a token server: reading and writing want a token each. */
async function withTokens() {
  const registry = await filled();
  const asked: {
    readonly method: string;
    readonly url: string;
    readonly authorization: string;
    readonly body: string;
  }[] = [];
  const tokens = await serve(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url = "", headers } = request;
    asked.push({ method, url, authorization: headers.authorization ?? "", body });
    const isWriter = `${decodeURIComponent(url)}${decodeURIComponent(body)}`.includes("pull,push");
    answer.end(JSON.stringify(isWriter ? { token: "writer" } : { access_token: "reader" }));
  });
  registry.fault = ({ headers, method = "" }, answer) => {
    const allowed = ["GET", "HEAD"].includes(method) ? ["Bearer reader", "Bearer writer"] : ["Bearer writer"];
    if (allowed.includes(headers.authorization ?? "")) return false;
    const challenge = `Bearer realm="http://${tokens}/token?x=1",service="lab registry"`;
    answer.writeHead(401, { "www-authenticate": `Basic realm="x", ${challenge}` }).end();
    return true;
  };
  return { registry, asked };
}

test("Bearer: a token is got with the credentials, for what is done; the registry never sees them", async () => {
  const { registry, asked } = await withTokens();
  const store = open(registry.host, ci);
  expect((await readBlob(store))?.length).toBe(blob.size);
  await store.putManifest(tag, manifest, signal);
  const scope = (actions: string) => `scope=${encodeURIComponent(`repository:lab/kernels:${actions}`)}`;
  expect(asked).toEqual([
    {
      method: "GET",
      url: `/token?x=1&service=lab+registry&${scope("pull")}`,
      authorization: basic,
      body: "",
    },
    {
      method: "GET",
      url: `/token?x=1&service=lab+registry&${scope("pull,push")}`,
      authorization: basic,
      body: "",
    },
  ]);
  expect(registry.requests.some(({ authorization }) => authorization === basic)).toBe(false);
});

test("Bearer: an identity token is exchanged, and no credentials give the token of anyone", async () => {
  const { registry, asked } = await withTokens();
  await open(registry.host, { kind: "identity", token: "me" }).manifest(tag, signal);
  expect(asked).toMatchObject([{ method: "POST", authorization: "" }]);
  expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
    grant_type: "refresh_token",
    client_id: "kheaders",
    scope: "repository:lab/kernels:pull",
    service: "lab registry",
    refresh_token: "me",
  });
  await open(registry.host).manifest(tag, signal);
  expect(asked[1]).toMatchObject({ method: "GET", authorization: "" });
});

test("a redirect to another host is followed without credentials", async () => {
  const registry = await filled();
  const seen: (string | undefined)[] = [];
  const elsewhere = await serve((request, answer) => {
    seen.push(request.headers.authorization);
    answer.end("headers ".repeat(50_000));
  });
  registry.fault = ({ url = "", headers }, answer) => {
    if (headers.authorization !== basic) answer.writeHead(401, { "www-authenticate": "Basic" }).end();
    else if (url.includes("/blobs/")) answer.writeHead(307, { location: `http://${elsewhere}/blob` }).end();
    else return false;
    return true;
  };
  expect((await readBlob(open(registry.host, ci)))?.length).toBe(blob.size);
  expect(seen).toEqual([undefined]);
});

test("a host that a registry leads to gets no credentials, even if it asks for them", async () => {
  const registry = await filled();
  const seen: (string | undefined)[] = [];
  const elsewhere = await serve((request, answer) => {
    seen.push(request.headers.authorization);
    answer.writeHead(401, { "www-authenticate": "Basic" }).end();
  });
  registry.fault = ({ headers }, answer) => {
    if (headers.authorization !== basic) answer.writeHead(401, { "www-authenticate": "Basic" }).end();
    else answer.writeHead(307, { location: `http://${elsewhere}/` }).end();
    return true;
  };
  await expect(readBlob(open(registry.host, ci))).rejects.toMatchObject({ code: "store-denied" });
  expect(new Set(seen)).toEqual(new Set([undefined]));
});

test("a blob is sent to where the registry says, without credentials if that is elsewhere", async () => {
  const registry = await fakeRegistry();
  const seen: object[] = [];
  const elsewhere = await serve(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { authorization, "content-length": length } = request.headers;
    seen.push({ authorization, length, digest: digestText(Buffer.from(body)), url: request.url });
    answer.writeHead(201).end();
  });
  registry.fault = ({ method, headers }, answer) => {
    if (headers.authorization !== basic) answer.writeHead(401, { "www-authenticate": "Basic" }).end();
    else if (method === "POST") answer.writeHead(202, { location: `http://${elsewhere}/up?id=1` }).end();
    else return false;
    return true;
  };
  await open(registry.host, ci).putBlob(blob, signal);
  const digest = `sha256:${blob.digest}`;
  const url = `/up?id=1&digest=${encodeURIComponent(digest)}`;
  expect(seen).toEqual([{ authorization: undefined, length: String(blob.size), digest, url }]);
});

test.each<[what: string, fault: Faulty]>([
  ["cut", (request) => request.socket.destroy()],
  [
    "refused for want of space",
    (request, answer) => {
      request.resume();
      answer.writeHead(500, json).end('{"errors":[{"code":"UNKNOWN","message":"no space left on device"}]}');
    },
  ],
  ["redirected", (_, answer) => answer.writeHead(307, { location: "/elsewhere" }).end()],
])("an upload that is %s is an error, and nothing is stored", async (_, fault) => {
  const registry = await fakeRegistry();
  registry.fault = (request, answer) => {
    if (request.method !== "PUT") return false;
    fault(request, answer);
    return true;
  };
  await expect(open(registry.host).putBlob(blob, signal)).rejects.toMatchObject({ code: "store-failed" });
  expect(registry.blobs.size).toBe(0);
});

test("a manifest that is too large, or not what its digest says, is refused", async () => {
  const registry = await filled();
  registry.manifests.set(tag, Buffer.alloc(300 * 1024, 32));
  const store = open(registry.host);
  await expect(store.manifest(tag, signal)).rejects.toMatchObject({ code: "store-corrupt" });
  registry.manifests.set(`sha256:${blob.digest}`, manifest);
  await expect(store.manifest(blob.digest, signal)).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("has another digest"),
  });
});
