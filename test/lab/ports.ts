import { once } from "node:events";
import { createServer } from "node:net";

/** A TCP port of the loopback address that nobody uses, outside the range that adb takes for emulators (5554-5585). */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  return address.port >= 5554 && address.port <= 5585 ? freePort() : address.port;
}
