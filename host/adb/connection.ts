import type { Socket } from "node:net";
// The deep import leaves out adbkit's TCP-to-USB bridge with its crypto library: 36 ms instead of 85 to 140.
import adbkit from "@devicefarmer/adbkit/dist/src/adb/connection.js";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { type Address, addressesOf, describeEndpoint, type Endpoint } from "./endpoint.js";

/** The adb server answered FAIL; `message` is its reason. */
export class AdbRefusal extends Error {
  override readonly name = "AdbRefusal";
}

/** No adb server listens at the endpoint. */
export class AdbServerAbsent extends Error {
  override readonly name = "AdbServerAbsent";
}

/** Errors of connect(2), besides a refusal, where there is no socket of that path, or no such address on this machine. */
const absentErrors: ReadonlySet<string> = new Set(["ENOENT", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);
/** Bytes of an answer without a length; adbd's have one sentence. */
const maxAnswer = 64 * 1024;

/** adbkit starts a local server whenever a connection is refused, even one to another host: this one never does. */
class PlainConnection extends adbkit.default {
  override startServer(): never {
    throw new AdbServerAbsent("no adb server is running");
  }
}

/** One connection to the adb server: a smart socket that takes requests until one of them turns it into a stream. */
export class AdbConnection {
  readonly #connection: PlainConnection;
  readonly #endpoint: Endpoint;
  readonly #signal: AbortSignal;
  readonly #abort = () => this.#connection.socket.destroy(asError(this.#signal.reason));

  private constructor(endpoint: Endpoint, address: Address, signal: AbortSignal) {
    this.#endpoint = endpoint;
    this.#signal = signal;
    this.#connection = new PlainConnection(
      // adbkit hands its options to net.connect, which takes a path as well; its type knows TCP alone.
      address as { host: string; port: number },
    );
  }

  /**
   * Connects to the server. When `signal` aborts, whatever waits on the connection rejects with its reason. Throws
   * AdbServerAbsent if nothing listens, `adb-failed` for any other failure to connect.
   */
  static async open(endpoint: Endpoint, signal: AbortSignal): Promise<AdbConnection> {
    signal.throwIfAborted();
    for (const address of addressesOf(endpoint)) {
      const opened = await AdbConnection.#connect(endpoint, address, signal);
      if (opened !== undefined) return opened;
    }
    throw new AdbServerAbsent(`no adb server listens at ${describeEndpoint(endpoint)}`);
  }

  /** Connects to one address, or returns undefined if nothing listens there. */
  static async #connect(
    endpoint: Endpoint,
    address: Address,
    signal: AbortSignal,
  ): Promise<AdbConnection | undefined> {
    const opened = new AdbConnection(endpoint, address, signal);
    const connecting = opened.#connection.connect();
    signal.addEventListener("abort", opened.#abort);
    try {
      await connecting;
    } catch (error) {
      opened.close();
      signal.throwIfAborted();
      if (error instanceof AdbServerAbsent || absentErrors.has(errnoOf(error) ?? "")) return undefined;
      throw new KheadersError(
        "adb-failed",
        `cannot connect to the adb server at ${describeEndpoint(endpoint)}`,
        {
          hint: "Check -H, -P, -L, ADB_SERVER_SOCKET, ANDROID_ADB_SERVER_ADDRESS and ANDROID_ADB_SERVER_PORT.",
          cause: error,
        },
      );
    }
    opened.#connection.on("error", () => {
      // Each waiting call rejects with it; without a listener adbkit's event would end the process.
    });
    return opened;
  }

  /** The byte stream that remains once a request has turned the connection into one; the signal is let go. */
  detach(): Socket {
    this.#signal.removeEventListener("abort", this.#abort);
    return this.#connection.socket;
  }

  /**
   * Sends one request, for example `host:devices-l`. Throws AdbRefusal if the server answers FAIL, `adb-failed` if it goes
   * away or answers anything else.
   */
  async request(service: string): Promise<void> {
    const body = Buffer.from(service);
    const length = body.length.toString(16).padStart(4, "0");
    await this.#guard(async () => {
      this.#connection.write(Buffer.concat([Buffer.from(length), body]));
      const status = await this.#readText(4);
      if (status === "OKAY") return;
      if (status !== "FAIL") throw this.#unexpected(`"${printable(status)}" instead of OKAY or FAIL`);
      throw new AdbRefusal(printable(await this.#readValue()));
    });
  }

  /** Sends a request that every server grants: as {@link request}, but a refusal is `adb-failed` as well. */
  async ask(service: string): Promise<void> {
    try {
      await this.request(service);
    } catch (error) {
      if (!(error instanceof AdbRefusal)) throw error;
      const place = describeEndpoint(this.#endpoint);
      throw new KheadersError(
        "adb-failed",
        `the adb server at ${place} refused ${service}: ${error.message}`,
        {
          hint: "Check it with: adb devices",
          cause: error,
        },
      );
    }
  }

  /** Reads a value with its length before it, as the host services answer. */
  async readValue(): Promise<string> {
    return this.#guard(() => this.#readValue());
  }

  /** Reads the next `count` bytes as they are. */
  async readBytes(count: number): Promise<Buffer> {
    return this.#guard(() => this.#readBytes(count));
  }

  /** Sends a request whose answer is text up to the end of the stream. */
  async readAnswer(service: string): Promise<string> {
    await this.request(service);
    return this.#guard(async () => {
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of this.#connection.socket as AsyncIterable<Buffer>) {
        parts.push(part);
        length += part.length;
        if (length > maxAnswer) throw this.#unexpected(`more than ${maxAnswer} bytes`);
      }
      return Buffer.concat(parts).toString();
    });
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#connection.socket.destroy();
  }

  /** Reads a value behind its length: four hexadecimal digits, and nothing that could pass for some. */
  async #readValue(): Promise<string> {
    const length = await this.#readText(4);
    if (!/^[0-9a-f]{4}$/i.test(length)) throw this.#unexpected(`the length "${printable(length)}"`);
    return (await this.#readBytes(Number.parseInt(length, 16))).toString();
  }

  async #readText(count: number): Promise<string> {
    return (await this.#readBytes(count)).toString("latin1");
  }

  async #readBytes(count: number): Promise<Buffer> {
    return await this.#connection.parser.readBytes(count);
  }

  #unexpected(what: string): KheadersError {
    return new KheadersError(
      "adb-failed",
      `unexpected answer from the adb server at ${describeEndpoint(this.#endpoint)}: ${what}`,
      { hint: "Check it with: adb devices" },
    );
  }

  async #guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof AdbRefusal || error instanceof KheadersError) throw error;
      throw new KheadersError(
        "adb-failed",
        `the adb server at ${describeEndpoint(this.#endpoint)} went away`,
        {
          hint: "Check it with: adb devices",
          cause: error,
        },
      );
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
