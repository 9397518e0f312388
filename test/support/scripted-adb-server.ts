import type { Endpoint } from "../../host/adb/endpoint.js";
import { FakeAdbServer, type FakeClient } from "./fake-adb-server.js";

/** An adb server that lists what it is told to list, with no device behind it: to request a transport is in vain. */
export class ScriptedAdbServer {
  readonly endpoint: Endpoint;
  readonly #path: string;
  readonly #hasLongTracking: boolean;
  #server: FakeAdbServer | undefined;
  #trackers: FakeClient[] = [];
  #listing = "";

  /**
   * @param path of its Unix socket.
   * @param hasLongTracking whether it knows `host:track-devices-l`, as new servers do.
   */
  constructor(path: string, { hasLongTracking = true } = {}) {
    this.endpoint = { kind: "unix", path };
    this.#path = path;
    this.#hasLongTracking = hasLongTracking;
  }

  /** The services that were requested since it was started. */
  get requests(): readonly string[] {
    return this.#server?.requests ?? [];
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  async start(): Promise<void> {
    this.#server = await FakeAdbServer.start((service, client) => this.#answer(service, client), this.#path);
  }

  /** Hangs up on everybody, as a server that is killed. It may be started again. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#trackers = [];
    await server?.stop();
  }

  /** Lists these devices from now on: lines as `adb devices -l` prints them. */
  list(...lines: readonly string[]): void {
    this.#listing = lines.map((line) => `${line}\n`).join("");
    for (const client of this.#trackers) {
      client.send(Buffer.byteLength(this.#listing).toString(16).padStart(4, "0") + this.#listing);
    }
  }

  #answer(service: string, client: FakeClient): void {
    const isTracking =
      service === "host:track-devices" || (this.#hasLongTracking && service === "host:track-devices-l");
    if (isTracking) this.#trackers.push(client);
    if (isTracking || service === "host:devices-l") {
      client.okay(this.#listing);
    } else {
      client.fail(`unknown service or device: ${service}`);
      client.end();
    }
  }
}
