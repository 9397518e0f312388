import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { AdbMessageReader, adbCommand, formatAdbMessage } from "./adb-messages.js";
import { freePort } from "./ports.js";

/** A device that adb lists, but cannot be used. */
export interface UnusableDevice {
  /** `127.0.0.1:PORT`, after `adb connect`. */
  readonly serial: string;
  close(): void;
}

/** The kinds of AUTH messages. */
const auth = { token: 1, publicKey: 3 } as const;
const tokenLength = 20;

/**
 * `unauthorized`: it asks for a signature by a key that its owner allowed, and takes none (protocol.txt of adb, "AUTH").
 * `offline`: it takes the connection and says nothing.
 */
export async function unusableDevice(state: "unauthorized" | "offline"): Promise<UnusableDevice> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const reader = new AdbMessageReader();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // What follows an error is a "close", which is all that matters here.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      for (const { message } of reader.push(chunk)) {
        const isPublicKey = message.command === adbCommand.auth && message.arg0 === auth.publicKey;
        if (state === "offline" || isPublicKey) continue;
        const payload = randomBytes(tokenLength);
        socket.write(formatAdbMessage({ command: adbCommand.auth, arg0: auth.token, arg1: 0, payload }));
      }
    });
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    serial: `127.0.0.1:${port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
