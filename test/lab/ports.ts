import { once } from "node:events";
import { connect, createServer } from "node:net";

const given = new Set<number>();

/**
 * A TCP port of the loopback address that nobody uses, outside the range that adb takes for emulators (5554-5585). A
 * process gets each port once.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the kernel gave no TCP port");
  const { port } = address;
  if ((port >= 5554 && port <= 5585) || given.has(port)) return freePort();
  given.add(port);
  return port;
}

/** Whether somebody listens on a port of the loopback address. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true)).once("error", () => finish(false));
  });
}
