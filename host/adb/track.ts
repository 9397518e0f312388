import { type AdbConnection, AdbRefusal } from "./connection.js";
import { type Device, parseDevices } from "./devices.js";
import { type AdbServer, connectToServer } from "./server.js";

/**
 * Follows the server's list of devices: yields it at once, and again with every change, until the signal aborts. (adbkit's
 * tracker has no transport ids: only by its id is a device that left and came back at once told from one that stayed.)
 */
export async function* trackDevices(
  server: AdbServer,
  signal: AbortSignal,
): AsyncGenerator<Device[], never, undefined> {
  const connection = await startTracking(server, signal);
  try {
    for (;;) yield parseDevices(await connection.readValue());
  } finally {
    connection.close();
  }
}

async function startTracking(server: AdbServer, signal: AbortSignal): Promise<AdbConnection> {
  try {
    return await send(server, signal, (connection) => connection.request("host:track-devices-l"));
  } catch (error) {
    // Servers before platform-tools 28 or so know only the short list.
    if (!(error instanceof AdbRefusal)) throw error;
    return send(server, signal, (connection) => connection.ask("host:track-devices"));
  }
}

async function send(
  server: AdbServer,
  signal: AbortSignal,
  request: (connection: AdbConnection) => Promise<void>,
): Promise<AdbConnection> {
  const connection = await connectToServer(server, signal);
  try {
    await request(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
