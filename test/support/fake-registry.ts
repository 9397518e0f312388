import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** Answers a request in the registry's place; true if it did. */
export type Fault = (request: IncomingMessage, answer: ServerResponse) => boolean;

/** A registry in the test's own process, which keeps all in memory and fails as the test wants. */
export interface FakeRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, Buffer>;
  /** What came: method, path, and `Authorization` if there was one. */
  readonly requests: {
    readonly method: string;
    readonly url: string;
    readonly authorization: string | undefined;
  }[];
  /** Is asked before each request. */
  fault: Fault;
}

/** A server of the test's own, which ends with the test. @returns `127.0.0.1:PORT`. */
export async function serve(
  listener: (request: IncomingMessage, answer: ServerResponse) => void,
): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a registry with one repository, `lab/kernels`. */
export async function fakeRegistry(): Promise<FakeRegistry> {
  const registry = {
    host: "",
    blobs: new Map<string, Buffer>(),
    manifests: new Map<string, Buffer>(),
    requests: [] as FakeRegistry["requests"],
    fault: (() => false) as Fault,
  };
  registry.host = await serve((request, answer) => {
    const { method = "", url = "", headers } = request;
    registry.requests.push({ method, url, authorization: headers.authorization });
    if (!registry.fault(request, answer)) void respond(registry, request, answer);
  });
  return registry;
}

async function respond(
  { blobs, manifests }: Pick<FakeRegistry, "blobs" | "manifests">,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "", "http://registry");
  const [, what = "", name = ""] =
    /^\/v2\/lab\/kernels\/(blobs|manifests|tags)\/(.*)$/.exec(url.pathname) ?? [];
  const body = await bodyOf(request);
  const missing = (code: string) => {
    const said = JSON.stringify({ errors: [{ code, message: "unknown" }] });
    answer.writeHead(404, { "content-length": said.length }).end(said);
  };
  if (url.pathname === "/v2/") answer.end("{}");
  else if (what === "tags") {
    const tags = [...manifests.keys()].filter((key) => !key.startsWith("sha256:"));
    answer.end(JSON.stringify({ name: "lab/kernels", tags }));
  } else if (request.method === "POST")
    answer.writeHead(202, { location: "/v2/lab/kernels/blobs/uploads/1?state=2" }).end();
  else if (request.method === "PUT" && what === "blobs") {
    const digest = url.searchParams.get("digest") ?? "";
    if (digestText(body) !== digest) answer.writeHead(400).end();
    else {
      blobs.set(digest, body);
      answer.writeHead(201).end();
    }
  } else if (request.method === "PUT") {
    manifests.set(name, body);
    manifests.set(digestText(body), body);
    answer.writeHead(201).end();
  } else {
    const content = (what === "blobs" ? blobs : manifests).get(name);
    if (content === undefined) missing(what === "blobs" ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN");
    else
      answer
        .writeHead(200, { "content-length": content.length })
        .end(request.method === "HEAD" ? "" : content);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `sha256:` and the digest of bytes. */
export function digestText(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
