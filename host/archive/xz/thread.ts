import { Worker } from "node:worker_threads";
import { KheadersError } from "../../../shared/errors.js";
import { refused, undecodable } from "../errors.js";
import type { XzDecoder } from "./decoder.js";
import { compressedInFlight, type FromDecoder, type ToDecoder } from "./messages.js";
import { Window } from "./window.js";

/** How a decoder ended: well, or with an error. */
type Outcome = { readonly error?: unknown };

/** `xz-decompress`, which allows one decoder a thread, in a thread of its own. */
export class XzThread implements XzDecoder {
  readonly #worker = new Worker(workerFile(), { execArgv: [] });
  readonly #ingoing = new Window(compressedInFlight);
  readonly #decoded: Uint8Array[] = [];
  #outcome: Outcome | undefined;
  #wakeReader: (() => void) | undefined;

  constructor() {
    this.#worker.on("message", (message: FromDecoder) => this.#receive(message));
    this.#worker.on("error", (error) => this.fail(decoderCrashed(error)));
    this.#worker.on("exit", () => this.fail(decoderCrashed(undefined)));
  }

  async write(chunk: Uint8Array): Promise<boolean> {
    // The chunk stays the caller's, and may be a small part of a large buffer: what is sent is a copy.
    const bytes = new Uint8Array(chunk);
    this.#send({ type: "input", bytes }, [bytes.buffer]);
    await this.#ingoing.add(bytes.length);
    return this.#outcome === undefined;
  }

  end(): void {
    this.#send({ type: "end" });
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#outcome !== undefined && "error" in this.#outcome) throw this.#outcome.error;
      const bytes = this.#decoded.shift();
      if (bytes !== undefined || this.#outcome !== undefined) return bytes;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  used(bytes: Uint8Array): void {
    this.#send({ type: "used", bytes: bytes.length });
  }

  fail(error: unknown): void {
    this.#settle({ error });
  }

  async close(): Promise<void> {
    this.#settle({});
    await this.#worker.terminate();
  }

  #receive(message: FromDecoder): void {
    switch (message.type) {
      case "taken":
        this.#ingoing.release(message.bytes);
        break;
      case "output":
        this.#decoded.push(message.bytes);
        this.#wakeReader?.();
        break;
      case "done":
        this.#settle({});
        break;
      case "failed":
        this.#settle({ error: decoderFailed(message.status, message.message) });
        break;
    }
  }

  #settle(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#wakeReader?.();
    this.#ingoing.open();
  }

  #send(message: ToDecoder, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** The build puts the worker beside the bundle; run from source, the built one is used, for Node 20 starts no `.ts`. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? "../../../dist/xz-worker.js" : "./xz-worker.js", import.meta.url);
}

/** Result codes: `enum xz_ret` in `xz.h` of xz-embedded. What is not supported has been refused before it came here. */
function decoderFailed(status: number | undefined, message: string): KheadersError {
  switch (status) {
    case undefined:
      return new KheadersError("internal-error", `The xz decoder failed: ${message}`);
    case 3: // XZ_MEM_ERROR
    case 4: // XZ_MEMLIMIT_ERROR
      return refused("its xz data needs more memory than the decoder can get");
    default:
      return undecodable();
  }
}

function decoderCrashed(cause: unknown): KheadersError {
  return new KheadersError("internal-error", "The thread of the xz decoder ended unexpectedly.", {
    hint: "Out of memory, or an incomplete installation: xz-worker.js lies beside the program's own file.",
    cause,
  });
}
