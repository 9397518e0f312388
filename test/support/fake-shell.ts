import type { AdbConnection } from "../../host/adb/connection.js";
import { connectToDevice, type Device } from "../../host/adb/devices.js";
import { encodePacket, PacketId } from "../../host/adb/packets.js";
import { FakeAdbServer, type FakeClient } from "./fake-adb-server.js";

export const fakeDevice: Device = {
  serial: "1234",
  state: "device",
  model: undefined,
  transportId: "7",
  usb: true,
};

/** The device's side of a shell process (AOSP packages/modules/adb/shell_protocol.h). */
export class FakeShell {
  readonly #client: FakeClient;

  constructor(client: FakeClient) {
    this.#client = client;
  }

  print(text: string): void {
    this.send(encodePacket(PacketId.stdout, Buffer.from(text, "latin1")));
  }

  complain(text: string): void {
    this.send(encodePacket(PacketId.stderr, Buffer.from(text, "latin1")));
  }

  exit(status: number): void {
    this.send(encodePacket(PacketId.exit, Uint8Array.of(status)));
    this.hangUp();
  }

  send(bytes: Uint8Array): void {
    this.#client.send(bytes);
  }

  /** Ends the connection without a status. */
  hangUp(): void {
    this.#client.end();
  }

  vanish(): void {
    this.#client.vanish();
  }

  /** The next packet of the host that says something, as adbd looks at it; undefined when it has hung up. */
  async input(): Promise<{ id: number; text: string } | undefined> {
    for (;;) {
      const packet = await this.packet();
      if (packet?.id !== PacketId.stdin || packet.text !== "") return packet;
    }
  }

  /** The next packet of the host; undefined when it has hung up. */
  async packet(): Promise<{ id: number; text: string } | undefined> {
    const header = await this.#client.read(5);
    if (header === undefined) return undefined;
    const payload = await this.#client.read(header.readUInt32LE(1));
    return { id: header.readUInt8(0), text: payload?.toString() ?? "" };
  }
}

/** An adb server with one device, on which each command does as `behave` says. */
export async function serverWithShell(
  behave: (shell: FakeShell, command: string) => void | Promise<void>,
): Promise<FakeAdbServer> {
  const prefix = "shell,v2,raw:";
  return FakeAdbServer.start(async (request, client) => {
    client.okay();
    if (request.startsWith(prefix)) await behave(new FakeShell(client), request.slice(prefix.length));
  });
}

/** A connection that is tied to the fake server's device. */
export async function connected(server: FakeAdbServer, signal: AbortSignal): Promise<AdbConnection> {
  return connectToDevice({ endpoint: server.endpoint, environment: {} }, fakeDevice, signal);
}
