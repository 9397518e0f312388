import { Worker } from "node:worker_threads";
import { KheadersError } from "../../../shared/errors.js";
import { refused, undecodable } from "../errors.js";
import type { XzDecoder } from "./decoder.js";
import { compressedInFlight, type FromDecoder, type ToDecoder } from "./messages.js";
import { Outcome } from "./outcome.js";
import { Window } from "./window.js";

/** `xz-decompress`, which allows one decoder a thread, in a thread of its own. */
export class XzThread implements XzDecoder {
  readonly #worker = new Worker(workerFile(), { execArgv: [] });
  readonly #ingoing = new Window(compressedInFlight);
  readonly #decoded: Uint8Array[] = [];
  readonly #outcome = new Outcome();
  #wakeReader: (() => void) | undefined;

  constructor() {
    this.#worker.on("message", (message: FromDecoder) => this.#receive(message));
    this.#worker.on("error", (error) => this.fail(decoderCrashed(error)));
    this.#worker.on("exit", () => this.fail(decoderCrashed(undefined)));
  }

  async write(chunk: Uint8Array): Promise<boolean> {
    // What is transferred is lost to the sender, and the chunk may be a small part of a large buffer: a copy is sent.
    const bytes = new Uint8Array(chunk);
    this.#send({ type: "input", bytes }, [bytes.buffer]);
    await this.#ingoing.add(bytes.length);
    return !this.#outcome.isKnown;
  }

  end(): void {
    this.#send({ type: "end" });
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#outcome.throwIfFailed();
      const bytes = this.#decoded.shift();
      if (bytes !== undefined || this.#outcome.isKnown) return bytes;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  used(bytes: Uint8Array): void {
    this.#send({ type: "used", bytes: bytes.length });
  }

  fail(error: unknown): void {
    this.#outcome.fail(error);
    this.#wakeAll();
  }

  async close(): Promise<void> {
    this.#succeed();
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
        this.#succeed();
        break;
      case "failed":
        this.fail(decoderFailed(message.status, message.message));
        break;
    }
  }

  #succeed(): void {
    this.#outcome.succeed();
    this.#wakeAll();
  }

  #wakeAll(): void {
    this.#wakeReader?.();
    this.#ingoing.open();
  }

  #send(message: ToDecoder, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** The build puts the worker beside the bundle. Run from source, the built one is used, because Node 20 starts no `.ts`. */
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
