import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Block } from "../../host/agent/block.js";

/** How the agent's shell ended. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An agent under test, spoken to as the host does; what it says is read only when asked for. */
export class RunningAgent {
  /** Resolves when the shell has ended and its output is closed. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcessWithoutNullStreams;
  #held = Buffer.alloc(0);
  #diagnostics = "";
  readonly #waiting: (() => void)[] = [];

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) => resolve({ status, signal }));
    });
    child.stderr.on("data", (data: Buffer) => {
      this.#diagnostics += data.toString();
      this.#wake();
    });
    child.stdout.on("readable", () => this.#wake());
    for (const stream of [child.stdout, child.stderr]) stream.on("end", () => this.#wake());
    child.stdin.on("error", () => {}); // EPIPE where the agent ended first; the tests look at its end.
  }

  say(command: string): void {
    this.#child.stdin.write(`${command}\n`);
  }

  /** The end of standard input: the host is gone. */
  closeInput(): void {
    this.#child.stdin.end();
  }

  /** The connection is gone: nobody writes, nobody reads. */
  hangUp(): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Standard error so far. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Waits until `text` has come on standard error. */
  async diagnosed(text: string): Promise<string> {
    while (!this.#diagnostics.includes(text)) {
      if (this.#child.stderr.readableEnded) throw new Error(`"${text}" never came: ${this.#diagnostics}`);
      await this.#news();
    }
    return this.#diagnostics;
  }

  /** The next line of standard output, without its newline. */
  async line(): Promise<string> {
    for (;;) {
      const newline = this.#held.indexOf(0x0a);
      if (newline >= 0) return (await this.bytes(newline + 1)).subarray(0, -1).toString();
      await this.#more();
    }
  }

  /** The lines up to the one that is a single dot. */
  async block(): Promise<Block> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== "."; line = await this.line()) lines.push(line);
    return new Block(lines);
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#held.length < count) await this.#more();
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** Everything that is still to come. */
  async rest(): Promise<Buffer> {
    while (await this.#pull());
    return this.bytes(this.#held.length);
  }

  async #more(): Promise<void> {
    if (await this.#pull()) return;
    throw new Error(`the agent's output ended early; it said: ${this.#diagnostics}`);
  }

  async #pull(): Promise<boolean> {
    for (;;) {
      const chunk: Buffer | null = this.#child.stdout.read();
      if (chunk !== null) {
        this.#held = Buffer.concat([this.#held, chunk]);
        return true;
      }
      if (this.#child.stdout.readableEnded) return false;
      await this.#news();
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
