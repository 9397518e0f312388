import { createServer, type Server, type Socket } from "node:net";
import type { Endpoint } from "../../host/adb/endpoint.js";

/** What the fake server does with a request; the next request of the connection waits until it is done. */
export type Answer = (request: string, client: FakeClient) => void | Promise<void>;

/** An adb server of a test's own: it keeps the requests, and answers as the test says. */
export class FakeAdbServer {
  readonly endpoint: Endpoint;
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #answer: Answer;

  private constructor(server: Server, endpoint: Endpoint, answer: Answer) {
    this.#server = server;
    this.endpoint = endpoint;
    this.#answer = answer;
  }

  /** Listens on a free port of the loopback interface, or on a Unix socket; a path that starts with NUL is abstract. */
  static async start(answer: Answer, path?: string): Promise<FakeAdbServer> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      if (path === undefined) server.listen(0, "127.0.0.1", resolve);
      else server.listen(path, resolve);
    });
    const address = server.address();
    if (address === null) throw new Error("the fake server does not listen");
    const endpoint: Endpoint =
      typeof address === "string"
        ? { kind: "unix", path: path ?? address }
        : { kind: "tcp", host: "127.0.0.1", port: address.port };
    const fake = new FakeAdbServer(server, endpoint, answer);
    server.on("connection", (socket) => {
      fake.#serve(socket).catch((error) => socket.destroy(error));
    });
    return fake;
  }

  /** How many clients have not hung up. */
  get connections(): number {
    return [...this.#sockets].filter((socket) => !socket.readableEnded && !socket.destroyed).length;
  }

  /** Hangs up on everybody and stops listening. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // A client that hangs up.
    const client = new FakeClient(socket);
    for (;;) {
      const length = await client.read(4);
      if (length === undefined) return;
      const request = await client.read(Number.parseInt(length.toString(), 16));
      if (request === undefined) return;
      this.requests.push(request.toString());
      await this.#answer(request.toString(), client);
    }
  }
}

/** The server's end of one connection. */
export class FakeClient {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #held = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** The next bytes from the client; undefined when it sends no more. */
  async read(count: number): Promise<Buffer | undefined> {
    while (this.#held.length < count) {
      const next = await this.#chunks.next().catch(() => ({ done: true as const, value: undefined }));
      if (next.done) return undefined;
      this.#held = Buffer.concat([this.#held, next.value]);
    }
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** Agrees, with a value where the service has one. */
  okay(value?: string): void {
    this.send(`OKAY${value === undefined ? "" : withLength(value)}`);
  }

  fail(reason: string): void {
    this.send(`FAIL${withLength(reason)}`);
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends no more. */
  end(): void {
    this.#socket.end();
  }

  /** Goes away with no goodbye. */
  vanish(): void {
    this.#socket.resetAndDestroy();
  }
}

function withLength(value: string): string {
  return Buffer.byteLength(value).toString(16).padStart(4, "0") + value;
}
