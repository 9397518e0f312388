import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Packet } from "../adb/packets.js";
import { PacketId } from "../adb/packets.js";
import type { ShellProcess } from "../adb/shell.js";
import { Block } from "./block.js";

/** What the agent may say in one block; a build fingerprint has under 100 bytes. */
const longestBlock = 256 * 1024;
/** How much of standard error is kept: the end, where the reason stands. */
const keptDiagnostics = 64 * 1024;
/** More than this on standard error is no diagnostics any more. */
const longestDiagnostics = 8 * 1024 * 1024;

/** The agent's output, read as lines, blocks and counted bytes; what it prints on standard error is kept aside. */
export class AgentOutput {
  readonly #process: ShellProcess;
  readonly #signal: AbortSignal;
  readonly #pending: Uint8Array[] = [];
  #diagnostics = "";
  #diagnosticsLength = 0;
  #ended = false;

  constructor(process: ShellProcess, signal: AbortSignal) {
    this.#process = process;
    this.#signal = signal;
  }

  /** The end of what was printed on standard error so far. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Reads one line, without its newline. @throws KheadersError `device-lost` or `protocol-error`. */
  async readLine(): Promise<string> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const chunk = await this.#nextChunk();
      const newline = chunk.indexOf(0x0a);
      const part = newline < 0 ? chunk : chunk.subarray(0, newline);
      parts.push(part);
      length += part.length;
      if (length > longestBlock) throw unexpected("a line without end");
      if (newline < 0) continue;
      if (newline + 1 < chunk.length) this.#pending.unshift(chunk.subarray(newline + 1));
      return Buffer.concat(parts).toString();
    }
  }

  /**
   * Reads the hello that opens with `word`, past whatever a login banner prints before it.
   *
   * @throws KheadersError `protocol-error` when something else comes, or another protocol version.
   */
  async readHello(word: string, nonce: string, version: number): Promise<Block> {
    let skipped = "";
    for (;;) {
      const line = await this.readLine();
      const [opening, itsVersion, itsNonce] = line.split(" ");
      if (opening === word && itsNonce === nonce) {
        if (itsVersion !== String(version)) {
          throw new KheadersError(
            "protocol-error",
            `the device speaks protocol ${printable(itsVersion ?? "")}, this kheaders ${version}`,
          );
        }
        return this.readBlock();
      }
      skipped += `${line}\n`;
      if (skipped.length > keptDiagnostics) throw unexpected(printable(skipped, 80));
    }
  }

  /** Reads lines up to the one that is a single dot. `onWait` hears that the agent waits for the device's lock. */
  async readBlock(onWait?: () => void): Promise<Block> {
    const lines: string[] = [];
    let length = 0;
    for (let line = await this.readLine(); line !== "."; line = await this.readLine()) {
      if (!/^[a-z]+=/.test(line)) throw unexpected(printable(line, 80));
      if (line === "waiting=lock") onWait?.();
      lines.push(line);
      length += line.length;
      if (length > longestBlock) throw unexpected("an answer without end");
    }
    return new Block(lines);
  }

  /** Yields the next `count` bytes of standard output as they come. @throws KheadersError `device-lost`. */
  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    let remaining = count;
    while (remaining > 0) {
      const chunk = await this.#nextChunk();
      if (chunk.length > remaining) this.#pending.unshift(chunk.subarray(remaining));
      const taken = chunk.subarray(0, remaining);
      remaining -= taken.length;
      yield taken;
    }
  }

  /** Waits until `text` has come on standard error, or all of it has: its order against standard output is not kept. */
  async untilDiagnosed(text: string): Promise<void> {
    while (!this.#diagnostics.includes(text)) {
      const packets = await this.#read();
      if (packets === undefined) return;
    }
  }

  async #nextChunk(): Promise<Uint8Array> {
    for (;;) {
      const chunk = this.#pending.shift();
      if (chunk !== undefined) return chunk;
      if ((await this.#read()) === undefined) throw this.#lost();
    }
  }

  async #read(): Promise<Packet[] | undefined> {
    if (this.#ended) return undefined;
    let packets: Packet[] | undefined;
    try {
      packets = await this.#process.read(this.#signal);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#ended = true;
      throw this.#lost(error);
    }
    if (packets === undefined) this.#ended = true;
    for (const packet of packets ?? []) {
      if (packet.id === PacketId.stdout) this.#pending.push(packet.data);
      else this.#keepDiagnostics(packet.data);
    }
    return packets;
  }

  #keepDiagnostics(data: Uint8Array): void {
    this.#diagnosticsLength += data.length;
    if (this.#diagnosticsLength > longestDiagnostics) throw unexpected("error messages without end");
    this.#diagnostics = (this.#diagnostics + Buffer.from(data).toString()).slice(-keptDiagnostics);
  }

  #lost(cause?: unknown): KheadersError {
    const status = this.#process.exitStatus;
    const last = printable(this.#diagnostics.trim().split("\n").at(-1) ?? "", 200);
    if (status === undefined) {
      return new KheadersError("device-lost", "the device or its adb server went away in the middle", {
        hint: "Check the cable and: adb devices. What was loaded on the device is unloaded by the device itself.",
        cause,
      });
    }
    return new KheadersError(
      "device-lost",
      `the device ended the conversation early${last ? `: ${last}` : ""}`,
      {
        hint: "Try again; -v shows each step.",
        cause,
      },
    );
  }
}

function unexpected(what: string): KheadersError {
  return new KheadersError("protocol-error", `the device's shell sent something unexpected: ${what}`, {
    hint: "Does this work? adb shell echo ok",
  });
}
