import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { labPassword } from "./registry-user.js";

/** A registry's TLS and token server, as companies have it before theirs. */
export interface RegistryFront {
  /** `localhost:PORT`. */
  readonly host: string;
  /** The certificate of its authority: a file. */
  readonly authority: string;
  /** How often a token was asked for. */
  readonly tokens: () => number;
  close(): void;
}

/**
 * Puts TLS before a registry, and lets in who has a token: one to pull for anybody, one to push for {@link labPassword}.
 *
 * @param folder for its key and certificate.
 */
export async function startFront(registry: string, folder: string): Promise<RegistryFront> {
  const [key, authority] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost
    -addext subjectAltName=DNS:localhost -keyout ${key} -out ${authority}`.split(/\s+/),
    { stdio: "pipe" },
  );
  const issued = new Map<string, string>();
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(authority) },
    (incoming, answer) => {
      const url = new URL(incoming.url ?? "", "https://front");
      if (url.pathname === "/token") giveToken(url, incoming, answer, issued);
      else if (!mayPass(incoming, issued)) {
        const challenge = `Bearer realm="https://localhost:${portOf()}/token",service="lab"`;
        answer.writeHead(401, { "www-authenticate": challenge }).end();
      } else passOn(registry, incoming, answer);
    },
  );
  const portOf = () => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `localhost:${portOf()}`,
    authority,
    tokens: () => issued.size,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function giveToken(
  url: URL,
  { headers }: IncomingMessage,
  answer: ServerResponse,
  issued: Map<string, string>,
): void {
  const scope = url.searchParams.get("scope") ?? "";
  const own = `Basic ${Buffer.from(`${labPassword.username}:${labPassword.password}`).toString("base64")}`;
  if (scope.endsWith(":pull,push") && headers.authorization !== own) answer.writeHead(401).end();
  else {
    const token = randomBytes(16).toString("hex");
    issued.set(token, scope);
    answer.end(JSON.stringify({ token, expires_in: 300 }));
  }
}

function mayPass({ headers, method = "" }: IncomingMessage, issued: ReadonlyMap<string, string>): boolean {
  const scope = issued.get(headers.authorization?.replace(/^Bearer /, "") ?? "");
  return scope !== undefined && (["GET", "HEAD"].includes(method) || scope.endsWith(",push"));
}

function passOn(registry: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { authorization: _, ...headers } = incoming.headers;
  const [hostname, port] = registry.split(":");
  const outgoing = request(
    {
      hostname,
      port,
      path: incoming.url,
      method: incoming.method,
      headers: { ...headers, "x-forwarded-proto": "https" },
    },
    (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    },
  );
  outgoing.on("error", () => answer.destroy());
  incoming.pipe(outgoing);
}
