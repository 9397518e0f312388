import { readAll } from "../content.js";
import type { Credentials } from "../credentials/credentials.js";
import { storeCorrupt, storeDenied, storeFailed } from "../errors.js";
import { storeLimits } from "../limits.js";
import { NotOci, parseObject } from "../manifest.js";
import type { Challenge } from "./challenge.js";
import { type ExchangeOptions, exchange, type HttpRequest } from "./exchange.js";

/** What a token is wanted for. */
export interface TokenScope {
  readonly registry: string;
  readonly repository: string;
  readonly actions: "pull" | "pull,push";
}

/** As whom we ask for tokens; some servers want a name. */
const clientId = "kheaders";

/**
 * Gets a bearer token (RFC 6750) from the server that a challenge names, as docker does: by GET, with Basic authentication if
 * there are credentials; an identity token is exchanged by POST (distribution's docs, spec/auth/token.md and oauth.md).
 *
 * Throws `store-denied`, `store-failed`, `store-corrupt`, or the signal's reason.
 *
 * @param plainHttp whether the registry itself is spoken to in plain HTTP: else its token server must not be.
 */
export async function fetchToken(
  { parameters }: Challenge,
  scope: TokenScope,
  credentials: Credentials | undefined,
  { plainHttp, ...options }: ExchangeOptions & { readonly plainHttp: boolean },
): Promise<string> {
  const { address } = options;
  const realm = parameters.get("realm") ?? "";
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined || !(url.protocol === "https:" || (plainHttp && url.protocol === "http:")))
    throw storeCorrupt(address, "it names no https:// address to get a token from");
  const wanted = {
    service: parameters.get("service"),
    scope: `repository:${scope.repository}:${scope.actions}`,
  };
  const answer = await exchange(url, tokenRequest(url, wanted, credentials), options);
  try {
    if ([400, 401, 403].includes(answer.status))
      throw storeDenied(address, `its token server says ${answer.status}`, scope.registry);
    if (answer.status !== 200) throw storeFailed(address, `its token server says ${answer.status}`);
    return tokenIn(await readAll(answer.chunks(), storeLimits.smallBytes), address);
  } finally {
    await answer.close();
  }
}

/** The request for a token. The parameters of a GET are added to the address. */
function tokenRequest(
  url: URL,
  { service, scope }: { readonly service: string | undefined; readonly scope: string },
  credentials: Credentials | undefined,
): HttpRequest {
  if (credentials?.kind === "identity") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: clientId,
      scope,
      refresh_token: credentials.token,
      ...(service === undefined ? {} : { service }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return { method: "POST", headers, body: form.toString() };
  }
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", scope);
  return { method: "GET", headers: credentials === undefined ? {} : { authorization: basic(credentials) } };
}

/** The value of `Authorization` for a name and a password (RFC 7617). */
export function basic({ username, password }: Extract<Credentials, { kind: "password" }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The token in an answer: it becomes part of a header. */
function tokenIn(body: Uint8Array | undefined, address: string): string {
  try {
    const { token, access_token } = parseObject(body ?? new Uint8Array(), "the token");
    const found = typeof token === "string" && token !== "" ? token : access_token;
    if (typeof found === "string" && /^[\x21-\x7e]+$/.test(found)) return found;
  } catch (error) {
    if (!(error instanceof NotOci)) throw error;
  }
  throw storeCorrupt(address, "its token server gives no token");
}
