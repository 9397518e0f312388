import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { agentStatus } from "../../shared/protocol.js";
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

/** The agent ends a transfer that stands still itself, and says why: the host is the second to lose patience. */
const agentFirstMilliseconds = 5_000;

/** The process whose output is read. */
type Readable = Pick<ShellProcess, "read" | "exitStatus">;

/** The agent's output, read as lines, blocks and counted bytes; what it prints on standard error is kept aside. */
export class AgentReader {
  readonly #process: Readable;
  readonly #signal: AbortSignal;
  readonly #stallSeconds: number;
  readonly #pending: Uint8Array[] = [];
  #diagnostics = "";
  /** The end of {@link diagnostics} that nobody has waited for. */
  #unheard = "";
  #diagnosticsLength = 0;
  #ended = false;
  #hasStalled = false;

  /** @param stallSeconds for how long a device may send nothing while it transfers. */
  constructor(process: Readable, signal: AbortSignal, stallSeconds: number) {
    this.#process = process;
    this.#signal = signal;
    this.#stallSeconds = stallSeconds;
  }

  /** The end of what was printed on standard error so far. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Whether it was given up for having been silent too long. */
  get hasStalled(): boolean {
    return this.#hasStalled;
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

  /**
   * Reads lines up to the one that is a single dot.
   *
   * @param options `onWaiting` hears when the agent begins to wait for the device's lock, and when it has it; `longest` is how
   * many characters may come.
   */
  async readBlock(
    options: { readonly onWaiting?: (isWaiting: boolean) => void; readonly longest?: number } = {},
  ): Promise<Block> {
    const { onWaiting, longest = longestBlock } = options;
    const lines: string[] = [];
    let length = 0;
    for (let line = await this.readLine(); line !== "."; line = await this.readLine()) {
      if (!/^[a-z]+=/.test(line)) throw unexpected(printable(line, 80));
      if (line.startsWith("waiting=")) onWaiting?.(line === "waiting=lock");
      lines.push(line);
      length += line.length;
      if (length > longest) throw unexpected("an answer without end");
    }
    return new Block(lines);
  }

  /**
   * Yields the next `count` bytes of standard output as they come.
   *
   * @throws KheadersError `device-lost`; `timed-out` when none come for a while, as over a link that went silent;
   * `transfer-cut` when the agent could not read them all.
   */
  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    let remaining = count;
    while (remaining > 0) {
      const chunk = await this.unlessStalled(this.#nextChunk());
      if (chunk.length > remaining) this.#pending.unshift(chunk.subarray(remaining));
      const taken = chunk.subarray(0, remaining);
      remaining -= taken.length;
      yield taken;
    }
  }

  /**
   * Waits until `text` has come on standard error behind what the last call waited for, or all of it has: its order
   * against standard output is not kept.
   *
   * @returns what came since then, up to `text`.
   */
  async untilDiagnosed(text: string): Promise<string> {
    while (!this.#unheard.includes(text)) {
      if ((await this.#read()) === undefined) break;
    }
    const [heard = ""] = this.#unheard.split(text, 1);
    this.#unheard = this.#unheard.slice(heard.length + text.length);
    return heard;
  }

  /** Gives up on what does not come for a while. @throws KheadersError `timed-out`. */
  async unlessStalled<T>(reading: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const patience = this.#stallSeconds * 1000 + agentFirstMilliseconds;
    const impatience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#hasStalled = true;
        reject(stalled(this.#stallSeconds));
      }, patience);
    });
    try {
      return await Promise.race([reading, impatience]);
    } finally {
      clearTimeout(timer);
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
    const text = Buffer.from(data).toString();
    this.#diagnostics = (this.#diagnostics + text).slice(-keptDiagnostics);
    this.#unheard = (this.#unheard + text).slice(-keptDiagnostics);
  }

  #lost(cause?: unknown): KheadersError {
    const status = this.#process.exitStatus;
    const last = printable(this.#diagnostics.trim().split("\n").at(-1) ?? "", 200);
    if (status === agentStatus.stalled) return stalled(this.#stallSeconds);
    if (status === agentStatus.cut) {
      return new KheadersError("transfer-cut", "somebody unloaded the kheaders module while it was read", {
        hint: "Try again.",
        cause,
      });
    }
    if (status === agentStatus.unread) {
      return new KheadersError(
        "not-permitted",
        `a module could not be read to its end${last ? `: ${last}` : ""}`,
        {
          hint: "SELinux may confine the shell, or the disk may be damaged: adb shell dmesg",
          cause,
        },
      );
    }
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

function stalled(seconds: number): KheadersError {
  return new KheadersError("timed-out", `the transfer stood still for ${seconds} s`, {
    hint: "Check the cable; where the device is slow, --stall gives it longer.",
  });
}

function unexpected(what: string): KheadersError {
  return new KheadersError("protocol-error", `the device's shell sent something unexpected: ${what}`, {
    hint: "Does this work? adb shell echo ok",
  });
}
