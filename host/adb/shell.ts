import type { Socket } from "node:net";
import { KheadersError } from "../../shared/errors.js";
import { type AdbConnection, AdbRefusal } from "./connection.js";
import { encodePacket, type Packet, PacketId, PacketParser } from "./packets.js";

/** Bytes of a request to the adb server: four hexadecimal digits hold its length. */
const maxRequest = 65_535;

/**
 * A process on the device, over adb's `shell,v2,raw:` (Android 7 and later): standard output and standard error apart,
 * an exit status, and a standard input that can be closed alone. adbkit speaks `shell:` only (its issue 470).
 */
export class ShellProcess {
  readonly #connection: AdbConnection;
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #parser = new PacketParser();
  /** What an aborted `read` was waiting for: the next one returns it, or the stream would miss a piece. */
  #next: Promise<IteratorResult<Uint8Array>> | undefined;
  #exitStatus: number | undefined;

  private constructor(connection: AdbConnection) {
    this.#connection = connection;
    this.#socket = connection.detach();
    this.#chunks = this.#socket[Symbol.asyncIterator]();
  }

  /**
   * Runs `command` with the device's shell, on a connection that a transport request has tied to a device. From here
   * on the connection's signal no longer ends it: `close` and `end` do. Throws `device-unusable` if the device does not
   * speak the shell protocol.
   */
  static async start(connection: AdbConnection, command: string): Promise<ShellProcess> {
    const request = `shell,v2,raw:${command}`;
    if (Buffer.byteLength(request) > maxRequest) throw new RangeError("the command is too long for adb");
    try {
      await connection.request(request);
    } catch (error) {
      if (!(error instanceof AdbRefusal)) throw error;
      throw new KheadersError("device-unusable", `the device refused to run a shell: ${error.message}`, {
        hint: "kheaders needs Android 7 or later. Check that this works: adb shell true",
        cause: error,
      });
    }
    const process = new ShellProcess(connection);
    process.acknowledge();
    return process;
  }

  /** The process's exit status, once it has ended and its output was read. */
  get exitStatus(): number | undefined {
    return this.#exitStatus;
  }

  /**
   * The next pieces of what the process prints; undefined when it has ended or the connection is gone. Reading slowly
   * slows the device. Throws the signal's reason when it aborts; the process goes on until `end` or `close`.
   */
  async read(signal: AbortSignal): Promise<Packet[] | undefined> {
    signal.throwIfAborted();
    this.#next ??= this.#chunks.next();
    const next = await orAbort(this.#next, signal);
    this.#next = undefined;
    if (next.done) return undefined;
    const packets = this.#parser.push(next.value);
    const exit = packets.find((packet) => packet.id === PacketId.exit);
    if (exit !== undefined) this.#exitStatus = exit.data[0];
    return packets.filter((packet) => packet.id === PacketId.stdout || packet.id === PacketId.stderr);
  }

  write(text: string): void {
    this.#socket.write(encodePacket(PacketId.stdin, Buffer.from(text)));
  }

  /**
   * Acknowledges what has come so far, if more is to come without another command. The adb server leaves Nagle's
   * algorithm on (RFC 896): it holds a small piece back until the one before is acknowledged, which our kernel puts off
   * for 40 ms unless it has something to send. So we send an empty packet, which adbd does not pass on. Never call this for a
   * process that may have ended by then: the connection would be reset, and what is still under way would be lost.
   */
  acknowledge(): void {
    this.#socket.write(encodePacket(PacketId.stdin, new Uint8Array()));
  }

  /** Closes the process's standard input, then waits until it has ended, for `milliseconds` at most. */
  async end(milliseconds: number): Promise<void> {
    const timeout = AbortSignal.timeout(milliseconds);
    try {
      this.#socket.write(encodePacket(PacketId.closeStdin, new Uint8Array()));
      while (this.#exitStatus === undefined && (await this.read(timeout)) !== undefined);
    } catch (error) {
      // We only wait for its end: a lost connection or a device that is too slow to say so count as ends as well.
      if (!timeout.aborted && !this.#socket.destroyed) throw error;
    } finally {
      this.close();
    }
  }

  /** Drops the connection: adbd hangs up on the process and closes its standard input. */
  close(): void {
    this.#connection.close();
  }
}

async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (abort) signal.removeEventListener("abort", abort);
  }
}
