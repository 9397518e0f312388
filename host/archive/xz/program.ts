import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { KheadersError } from "../../../shared/errors.js";
import { undecodable } from "../errors.js";
import type { XzDecoder } from "./decoder.js";
import { compressedInFlight } from "./messages.js";
import { Outcome } from "./outcome.js";
import { Window } from "./window.js";

/** As much as is read from the pipe at once. */
const wholePiece = 64 * 1024;

/**
 * Milliseconds to wait after a smaller piece. The pipe holds what the program decodes in twice that time.
 */
const gathering = 0.5;

/** Never woken: to wait on. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Programs that run in this process. */
let running = 0;

/** How the program ended: with its exit status or by a signal, or why it did not start. */
type Ending = { readonly status: number | null; readonly signal: NodeJS.Signals | null } | Error;

/** The `xz` of XZ Utils in a process of its own. What is decoded and not yet read waits in the pipe, some 200 KB. */
export class XzProgram implements XzDecoder {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #decoded: AsyncIterator<Uint8Array>;
  readonly #ended: Promise<Ending>;
  readonly #ingoing = new Window(compressedInFlight);
  readonly #outcome = new Outcome();
  #hasExited = false;
  #lastPiece = wholePiece;

  /** @param program Path of the program. */
  constructor(program: string) {
    this.#child = spawn(program, ["--decompress", "--stdout"], {
      stdio: ["pipe", "pipe", "ignore"],
      // A Ctrl-C at the terminal is meant for kheaders alone.
      detached: true,
      // The multi-threaded decoder has had bugs (CVE-2025-31115), and gains nothing if there is one block.
      env: { ...process.env, XZ_DEFAULTS: "--threads=1", XZ_OPT: "" },
    });
    this.#decoded = this.#child.stdout[Symbol.asyncIterator]();
    // If the data is damaged, it exits before it has read everything, and its status says so.
    this.#child.stdin.on("error", () => this.#ingoing.open());
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", resolve);
      this.#child.once("exit", (status, signal) => resolve({ status, signal }));
    });
    running += 1;
    void this.#ended.then(() => {
      running -= 1;
      this.#hasExited = true;
      this.#ingoing.open();
    });
  }

  async write(chunk: Uint8Array): Promise<boolean> {
    this.#child.stdin.write(chunk, () => this.#ingoing.release(chunk.length));
    await this.#ingoing.add(chunk.length);
    return !this.#hasExited && !this.#outcome.isKnown;
  }

  end(): void {
    this.#child.stdin.end();
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#gather();
    const next = await this.#decoded.next();
    this.#outcome.throwIfFailed();
    if (next.done !== true) {
      this.#lastPiece = next.value.length;
      return next.value;
    }
    const error = errorOf(await this.#ended);
    if (error === undefined) this.#outcome.succeed();
    else this.#outcome.fail(error);
    this.#outcome.throwIfFailed();
    return undefined;
  }

  /**
   * `xz` writes 8 KB at a time, and a reader that is faster than it would be woken for each of them, which takes longer than
   * to read them. So it sleeps a little while it has caught up, unless other archives want to be unpacked meanwhile.
   */
  #gather(): void {
    if (running === 1 && this.#lastPiece < wholePiece) Atomics.wait(sleeper, 0, 0, gathering);
  }

  used(): void {
    // The pipe lets as much through as is read from it.
  }

  fail(error: unknown): void {
    this.#outcome.fail(error);
    this.#child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    await this.#ended;
  }
}

/** Exit statuses: xz(1). What it does not support was refused before it came here. */
function errorOf(ending: Ending): KheadersError | undefined {
  if (!(ending instanceof Error)) {
    if (ending.status === 0) return undefined;
    if (ending.status !== null) return undecodable();
  }
  return new KheadersError("internal-error", "The xz that decodes the archive ended unexpectedly.", {
    hint: "It may be out of memory. Without an xz on PATH, kheaders uses its own decoder.",
    cause: ending,
  });
}
