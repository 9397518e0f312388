import { readThrough } from "../content.js";
import { asStoreError, storeFailed } from "../errors.js";
import { storeLimits } from "../limits.js";

/** What is sent. */
export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  /** Makes the body; once for each time that the request is sent. */
  readonly body?: (() => AsyncIterable<Uint8Array>) | string | Uint8Array | undefined;
}

/** An answer whose body is read within the time limit, or not at all. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it comes; may be read once. */
  chunks(): AsyncGenerator<Uint8Array>;
  /**
   * Ends the exchange, whatever of the body was read. A small body that nobody has read is read now, so that the connection
   * can serve the next request.
   */
  close(): Promise<void>;
}

/** How to exchange a request for an answer. */
export interface ExchangeOptions {
  /** The store's address, for errors. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** Seconds without headway, of what is sent or what comes, after which it is given up. */
  readonly stallSeconds: number;
}

/** Sends a request to one address; redirects are answers. Throws `store-failed`, or the signal's reason. */
export async function exchange(
  url: URL,
  request: HttpRequest,
  { address, signal, stallSeconds }: ExchangeOptions,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const watch = new StallWatch(stallSeconds, signal, () =>
    storeFailed(address, `it does not answer for ${stallSeconds} s`),
  );
  try {
    const { method, headers, body } = request;
    const answer = await fetch(url, {
      method,
      headers,
      body: typeof body === "function" ? streamOf(body(), watch) : body,
      // Node wants to be told that it need not read the answer while it sends.
      ...(typeof body === "function" ? { duplex: "half" } : {}),
      redirect: "manual",
      signal: watch.signal,
    } as RequestInit);
    watch.made();
    async function* chunks() {
      try {
        for await (const chunk of answer.body ?? []) {
          watch.pause();
          yield chunk;
          watch.made();
        }
      } catch (error) {
        signal.throwIfAborted();
        throw asStoreError(address, error);
      } finally {
        watch.end();
      }
    }
    return {
      status: answer.status,
      headers: answer.headers,
      chunks,
      async close() {
        // Whoever read the body was told if it failed; one that nobody has read is not missed.
        if (answer.body?.locked === false) {
          const end = isSmall(answer.headers) ? readThrough(chunks()) : answer.body.cancel();
          await end.catch(() => undefined);
        }
        watch.end();
      },
    };
  } catch (error) {
    watch.end();
    signal.throwIfAborted();
    throw asStoreError(address, error);
  }
}

function isSmall(headers: Headers): boolean {
  const length = headers.get("content-length");
  return length !== null && Number(length) <= storeLimits.smallBytes;
}

/** Aborts an exchange that makes no headway, or when the caller's signal does. */
class StallWatch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #abort = () => this.#controller.abort(this.#outer.reason);
  #isPaused = false;

  constructor(seconds: number, outer: AbortSignal, stalled: () => Error) {
    this.#outer = outer;
    this.#timer = setTimeout(() => {
      if (this.#isPaused) this.#timer.refresh();
      else this.#controller.abort(stalled());
    }, seconds * 1000);
    outer.addEventListener("abort", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** There was headway, or the store is waited for again. */
  made(): void {
    this.#isPaused = false;
    this.#timer.refresh();
  }

  /** Whoever takes the bytes may take their time: only the store is watched. */
  pause(): void {
    this.#isPaused = true;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
  }
}

function streamOf(chunks: AsyncIterable<Uint8Array>, watch: StallWatch): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      watch.pause();
      const { done, value } = await iterator.next();
      watch.made();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
