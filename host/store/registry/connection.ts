import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { isLoopback, type StoreAddress } from "../address.js";
import { readAll } from "../content.js";
import type { Credentials } from "../credentials/credentials.js";
import { storeCorrupt, storeDenied, storeFailed } from "../errors.js";
import { storeLimits } from "../limits.js";
import { NotOci, parseObject } from "../manifest.js";
import { type Challenge, parseChallenges } from "./challenge.js";
import { exchange, type HttpAnswer, type HttpRequest } from "./exchange.js";
import { Once } from "./once.js";
import { basic, fetchToken, type TokenScope } from "./tokens.js";

/** How to speak to a registry. */
export interface ConnectionOptions {
  readonly address: Extract<StoreAddress, { kind: "registry" }>;
  /** Speaks plain HTTP to a host that is not this machine (`--store-insecure`). */
  readonly insecure: boolean;
  /** The credentials, if it asks for them. */
  readonly credentials: (signal: AbortSignal) => Promise<Credentials | undefined>;
  /** Seconds without headway after which a request is given up. */
  readonly stallSeconds: number;
}

/** A request to a registry. */
export interface RegistryRequest extends Omit<HttpRequest, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly actions: TokenScope["actions"];
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What a server answers that wants to be asked again later. */
const busyStatuses: ReadonlySet<number> = new Set([429, 503]);

/**
 * Requests to one registry: finds out whether it speaks TLS, authenticates when it asks for it, follows redirects without
 * credentials, and waits when it asks to. Its methods throw `store-failed`, `store-denied`, `store-corrupt`, and the signal's
 * reason.
 */
export class RegistryConnection {
  readonly #options: ConnectionOptions;
  readonly #name: string;
  readonly #base = new Once((signal) => this.#findBase(signal));
  readonly #credentials: Once<Credentials | undefined>;
  #hasCredentials = false;
  readonly #authorizations = new Map<TokenScope["actions"], string>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#name = options.address.text;
    this.#credentials = new Once(options.credentials);
  }

  /**
   * Reaches the registry, so that the first request is answered sooner. An error is not told here: the request meets it
   * again.
   */
  async connect(signal: AbortSignal): Promise<void> {
    try {
      const base = await this.#base.get(signal);
      // A registry on this machine was asked to find its address.
      if (!isLoopback(base.hostname)) await this.#ping(base, signal);
    } catch (error) {
      if (!(error instanceof KheadersError)) throw error;
    }
  }

  /**
   * Sends a request to an address below that of the registry, or to one that the registry gave.
   *
   * @param to a path from `/v2/` on, or a whole address.
   */
  async send(to: string | URL, request: RegistryRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const base = await this.#base.get(signal);
    const url = this.resolve(to, base);
    for (let retries = 0, hasAuthorized = false; ; ) {
      const answer = await this.#follow(url, request, base, signal);
      const isOwn = url.origin === base.origin;
      if (answer.status === 401 && isOwn && !hasAuthorized) {
        hasAuthorized = true;
        await answer.close();
        await this.#authorize(answer, request.actions, base, signal);
      } else if (busyStatuses.has(answer.status) && retries < storeLimits.retries) {
        retries += 1;
        await answer.close();
        await pauseFor(answer, signal, this.#name);
      } else return answer;
    }
  }

  /** An address that the registry gave, relative to its own. It may lead elsewhere, but not from TLS to plain HTTP. */
  resolve(to: string | URL, base: URL): URL {
    if (!URL.canParse(String(to), base.href)) throw storeCorrupt(this.#name, "it gives an invalid address");
    const url = new URL(to, base);
    if (url.protocol === "https:" || (url.protocol === "http:" && base.protocol === "http:")) return url;
    throw storeCorrupt(this.#name, `it leads from https to ${printable(url.protocol, 20)}//`);
  }

  /** The error for an answer that is not what was asked for. Reads what the registry says of it. */
  async errorOf(answer: HttpAnswer): Promise<Error> {
    const { registry } = this.#options.address;
    const said = await saidIn(answer);
    if (answer.status === 401 || answer.status === 403) {
      const who = this.#hasCredentials
        ? "the credentials were not accepted"
        : "there are no credentials for it";
      return storeDenied(this.#name, answer.status === 401 ? who : `it says 403${said}`, registry);
    }
    if (answer.status === 429) return storeFailed(this.#name, "it is asked too often (429)");
    return storeFailed(this.#name, `it says ${answer.status}${said}`);
  }

  /** Asks whether a registry is there (OCI distribution-spec 1.1, end-1), and gives the status of its answer. */
  async #ping(base: URL, signal: AbortSignal): Promise<number> {
    const answer = await exchange(
      new URL("/v2/", base),
      { method: "GET", headers: {} },
      this.#limits(signal),
    );
    await answer.close();
    return answer.status;
  }

  /**
   * The address of the registry. This machine is spoken to in plain HTTP if it understands that: what is sent does not leave
   * it. Any other is spoken to by TLS, but for `insecure`. No credentials are sent here.
   */
  async #findBase(signal: AbortSignal): Promise<URL> {
    const { address, insecure } = this.#options;
    const secure = new URL(`https://${address.registry}`);
    const plain = new URL(`http://${address.registry}`);
    if (!isLoopback(address.hostname)) return insecure ? plain : secure;
    try {
      // A server that wants TLS answers with 400, if at all.
      return (await this.#ping(plain, signal)) === 400 ? secure : plain;
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error)) throw error;
      return secure;
    }
  }

  async #follow(url: URL, request: RegistryRequest, base: URL, signal: AbortSignal): Promise<HttpAnswer> {
    let next = url;
    for (let count = 0; count <= storeLimits.redirects; count += 1) {
      // Credentials are for the registry alone, wherever it leads.
      const authorization = next.origin === base.origin ? this.#authorizationFor(request.actions) : undefined;
      const headers = {
        "user-agent": "kheaders",
        "accept-encoding": "identity",
        ...request.headers,
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answer = await exchange(next, { ...request, headers }, this.#limits(signal));
      const location = answer.headers.get("location");
      if (!redirectStatuses.has(answer.status) || location === null) return answer;
      await answer.close();
      if (request.method !== "GET" && request.method !== "HEAD")
        throw storeFailed(this.#name, `it redirects an upload (${answer.status})`);
      next = this.resolve(location, next);
    }
    throw storeFailed(this.#name, `it redirects more than ${storeLimits.redirects} times`);
  }

  #authorizationFor(actions: TokenScope["actions"]): string | undefined {
    const all = this.#authorizations.get("pull,push");
    return actions === "pull" ? (this.#authorizations.get("pull") ?? all) : all;
  }

  async #authorize(
    answer: HttpAnswer,
    actions: TokenScope["actions"],
    base: URL,
    signal: AbortSignal,
  ): Promise<void> {
    const challenges = parseChallenges(answer.headers.get("www-authenticate") ?? "");
    const challenge = chooseChallenge(challenges);
    if (challenge === undefined) throw storeFailed(this.#name, "it wants an unknown kind of authentication");
    const credentials = await this.#credentials.get(signal);
    this.#hasCredentials = credentials !== undefined;
    const { registry, repository } = this.#options.address;
    if (challenge.scheme === "bearer") {
      const options = { ...this.#limits(signal), plainHttp: base.protocol === "http:" };
      const token = await fetchToken(challenge, { registry, repository, actions }, credentials, options);
      this.#authorizations.set(actions, `Bearer ${token}`);
    } else if (credentials?.kind === "password") {
      for (const each of ["pull", "pull,push"] as const) this.#authorizations.set(each, basic(credentials));
    }
  }

  #limits(signal: AbortSignal) {
    return { address: this.#name, signal, stallSeconds: this.#options.stallSeconds };
  }
}

/** Bearer before Basic: a registry that offers both would rather not see the password. */
function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme }) => scheme === "bearer") ??
    challenges.find(({ scheme }) => scheme === "basic")
  );
}

/** Whether nothing listens there: then it does not listen for TLS either. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

/** Seconds to wait if a busy registry does not say how long. */
const defaultPause = 1;

/** Waits as long as `Retry-After` says (RFC 9110, 10.2.3): seconds, or until a date. The caller's signal bounds it. */
async function pauseFor({ headers }: HttpAnswer, signal: AbortSignal, address: string): Promise<void> {
  const value = headers.get("retry-after") ?? String(defaultPause);
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  if (!(seconds <= storeLimits.pauseSeconds))
    throw storeFailed(address, `it is busy, and wants to be asked again later (${printable(value, 40)})`);
  await sleep(Math.max(0, seconds) * 1000, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}

/** What a registry says of an error, as the end of a sentence (OCI distribution-spec 1.1, "Error Codes"). */
async function saidIn(answer: HttpAnswer): Promise<string> {
  try {
    const body = await readAll(answer.chunks(), storeLimits.smallBytes);
    const { errors } = parseObject(body ?? new Uint8Array(), "the error");
    const [first] = Array.isArray(errors) ? errors : [];
    const code = typeof first?.code === "string" ? ` ${printable(first.code, 60)}` : "";
    const message = typeof first?.message === "string" ? `: ${printable(first.message, 200)}` : "";
    return `${code}${message}`;
  } catch (error) {
    if (error instanceof NotOci) return "";
    throw error;
  }
}
