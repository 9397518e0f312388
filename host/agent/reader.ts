import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { agentStatus } from "../../shared/protocol.js";
import type { Packet } from "../adb/packets.js";
import { PacketId } from "../adb/packets.js";
import type { ShellProcess } from "../adb/shell.js";
import { Block } from "./block.js";

/** Characters in one line or block of the agent; the longest real ones list paths. */
const maxBlock = 256 * 1024;
/** How much of standard error is kept: the end, which has the reason. */
const keptDiagnostics = 64 * 1024;
/** A device that prints more than this on standard error is given up. */
const maxDiagnostics = 8 * 1024 * 1024;
/** Characters of banners that a login or su may print before what is waited for. */
const maxBanner = 64 * 1024;

/** The agent itself ends a transfer that stalls, and says why: the host gives up this much later. */
const graceMilliseconds = 5_000;
/** What Node's timers can count to. */
const maxTimerMilliseconds = 2 ** 31 - 1;

/** The process whose output is read. */
type Readable = Pick<ShellProcess, "read" | "exitStatus">;

/** The agent's output, read as lines, blocks and counted bytes; what it prints on standard error is kept aside. */
export class AgentReader {
  readonly #process: Readable;
  readonly #signal: AbortSignal;
  readonly #stallSeconds: number;
  readonly #pending: Uint8Array[] = [];
  #diagnostics = "";
  /** The end of {@link diagnostics} that `untilDiagnosed` has not returned yet. */
  #unheard = "";
  #diagnosticsLength = 0;
  #ended = false;
  #hasStalled = false;

  /** @param stallSeconds how long a device may send nothing during a transfer. */
  constructor(process: Readable, signal: AbortSignal, stallSeconds: number) {
    this.#process = process;
    this.#signal = signal;
    this.#stallSeconds = stallSeconds;
  }

  /** The end of what was printed on standard error so far. */
  get diagnostics(): string {
    return this.#diagnostics;
  }

  /** Whether the device was given up because it sent nothing for too long. */
  get hasStalled(): boolean {
    return this.#hasStalled;
  }

  /** Reads one line, without its newline. */
  async readLine(): Promise<string> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const chunk = await this.#nextChunk();
      const newline = chunk.indexOf(0x0a);
      const part = newline < 0 ? chunk : chunk.subarray(0, newline);
      parts.push(part);
      length += part.length;
      if (length > maxBlock) throw unexpected("a line that is too long");
      if (newline < 0) continue;
      if (newline + 1 < chunk.length) this.#pending.unshift(chunk.subarray(newline + 1));
      return Buffer.concat(parts).toString();
    }
  }

  /**
   * Reads past what a login or su prints by itself, up to a line that ends with `pattern`: a banner need not end its line.
   *
   * @returns the match, and the text before it.
   */
  async readPast(pattern: RegExp): Promise<{ match: RegExpExecArray; banner: string }> {
    let banner = "";
    for (;;) {
      const line = await this.readLine();
      const match = pattern.exec(line);
      if (match !== null) return { match, banner: banner + line.slice(0, match.index) };
      banner += `${line}\n`;
      if (banner.length > maxBanner) throw unexpected(printable(banner, 80));
    }
  }

  /** Reads the agent's hello, past what a login prints before it. */
  async readHello(nonce: string, version: number): Promise<Block> {
    const { match } = await this.readPast(new RegExp(`kheaders (\\S{1,20}) ${nonce}$`));
    const agentVersion = match[1] ?? "";
    if (agentVersion !== String(version)) {
      throw new KheadersError(
        "protocol-error",
        `the device speaks protocol ${printable(agentVersion)}, this kheaders ${version}`,
      );
    }
    return this.readBlock();
  }

  /**
   * Reads lines up to the one that is a single dot.
   *
   * @param options `onWaiting` is called when the agent begins to wait for the device's lock, and when it has it; `max` is
   * how many characters may come.
   */
  async readBlock(
    options: { readonly onWaiting?: (isWaiting: boolean) => void; readonly max?: number } = {},
  ): Promise<Block> {
    const { onWaiting, max = maxBlock } = options;
    const lines: string[] = [];
    let length = 0;
    for (let line = await this.readLine(); line !== "."; line = await this.readLine()) {
      if (!/^[a-z]+=/.test(line)) throw unexpected(printable(line, 80));
      if (line.startsWith("waiting=")) onWaiting?.(line === "waiting=lock");
      lines.push(line);
      length += line.length;
      if (length > max) throw unexpected("an answer that is too long");
    }
    return new Block(lines);
  }

  /**
   * Yields the next `count` bytes of standard output as they come. Gives up with `timed-out` when none come for a while, as
   * over a link that went silent, and with `transfer-cut` when the agent could not read them all.
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
   * Waits until `text` has come on standard error after what the last call waited for, or until standard error ends: it is
   * not in step with standard output.
   *
   * @returns what came since the last call, up to `text`.
   */
  async untilDiagnosed(text: string): Promise<string> {
    while (!this.#unheard.includes(text)) {
      if ((await this.#read()) === undefined) break;
    }
    const [heard = ""] = this.#unheard.split(text, 1);
    this.#unheard = this.#unheard.slice(heard.length + text.length);
    return heard;
  }

  /** Gives up with `timed-out` on what does not come for a while. */
  async unlessStalled<T>(reading: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const milliseconds = Math.min(this.#stallSeconds * 1000 + graceMilliseconds, maxTimerMilliseconds);
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#hasStalled = true;
        reject(stalled(this.#stallSeconds));
      }, milliseconds);
    });
    try {
      return await Promise.race([reading, timeout]);
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
    if (this.#diagnosticsLength > maxDiagnostics) throw unexpected("too many error messages");
    const text = Buffer.from(data).toString();
    this.#diagnostics = (this.#diagnostics + text).slice(-keptDiagnostics);
    this.#unheard = (this.#unheard + text).slice(-keptDiagnostics);
  }

  #lost(cause?: unknown): KheadersError {
    const status = this.#process.exitStatus;
    const last = printable(this.#diagnostics.trim().split("\n").at(-1) ?? "", 200);
    if (status === agentStatus.stalled) return stalled(this.#stallSeconds);
    if (status === agentStatus.cut) {
      return new KheadersError("transfer-cut", "the kheaders module was unloaded during the transfer", {
        hint: "Try again.",
        cause,
      });
    }
    if (status === agentStatus.unread) {
      return new KheadersError(
        "not-permitted",
        `a file could not be read to the end${last ? `: ${last}` : ""}`,
        {
          hint: "SELinux may confine the shell, or the disk may be damaged; see: adb shell dmesg",
          cause,
        },
      );
    }
    if (status === undefined) {
      return new KheadersError("device-lost", "the device or its adb server went away", {
        hint: "Check the cable and: adb devices. The device itself unloads what was loaded.",
        cause,
      });
    }
    return new KheadersError("device-lost", `the device's shell ended early${last ? `: ${last}` : ""}`, {
      hint: "Try again; -v shows each step.",
      cause,
    });
  }
}

function stalled(seconds: number): KheadersError {
  return new KheadersError("timed-out", `the transfer stalled for ${seconds} s`, {
    hint: "Check the cable. If the device is slow, give it longer with --stall.",
  });
}

function unexpected(what: string): KheadersError {
  return new KheadersError("protocol-error", `unexpected output from the device's shell: ${what}`, {
    hint: "Check that this works: adb shell echo ok",
  });
}
