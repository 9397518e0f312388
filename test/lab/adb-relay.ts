import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AdbMessage, AdbMessageReader, adbCommand, formatAdbMessage } from "./adb-messages.js";

/** The ports of a device's two daemons: the shell user's and root's. */
export interface DaemonPorts {
  readonly shell: number;
  readonly root: number;
}

/** What `adb root` does: `allowed` as on userdebug builds, `production` as on user builds. */
export type AdbRoot = "allowed" | "production";

/** A device's port in front of two daemons, one of which has it at a time. */
export interface AdbRelay {
  close(): void;
}

/** An adbd ends itself a moment after it has answered. */
const restartDelay = 100;

/** An id of a stream on the device's side that no adbd gives, for they count from 1. */
const relayStream = 0x7fff0001;

/**
 * Makes `adb root` and `adb unroot` work, which Debian's adbd does not offer: it answers these two services itself, in
 * the words of AOSP's adbd (packages/modules/adb/daemon/restart_service.cpp), and then ends all connections; new ones
 * go to the other daemon.
 */
export async function relayAdb(port: number, daemons: DaemonPorts, rule: AdbRoot): Promise<AdbRelay> {
  const sockets = new Set<Socket>();
  let user: keyof DaemonPorts = "shell";
  const restart = async (as: keyof DaemonPorts) => {
    user = as;
    await sleep(restartDelay);
    for (const socket of sockets) socket.destroy();
  };
  const answerTo = (service: string): { text: string; as?: keyof DaemonPorts } | undefined => {
    if (service === "unroot:")
      return user === "shell"
        ? { text: "adbd not running as root\n" }
        : { text: "restarting adbd as non root\n", as: "shell" };
    if (service !== "root:") return undefined;
    if (user === "root") return { text: "adbd is already running as root\n" };
    if (rule === "production") return { text: "adbd cannot run as root in production builds\n" };
    return { text: "restarting adbd as root\n", as: "root" };
  };

  const server = createServer((host) => {
    const device = connect(daemons[user], "127.0.0.1");
    const fromHost = new AdbMessageReader();
    const fromDevice = new AdbMessageReader();
    for (const [socket, other] of [
      [host, device],
      [device, host],
    ] as const) {
      sockets.add(socket);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      // What follows an error is a "close", which is all that matters here.
      socket.on("error", () => undefined);
    }
    device.on("data", (chunk: Buffer) => {
      for (const { bytes } of fromDevice.push(chunk)) host.write(bytes);
    });
    host.on("data", (chunk: Buffer) => {
      for (const { message, bytes } of fromHost.push(chunk)) {
        const answer = message.command === adbCommand.open ? answerTo(serviceOf(message)) : undefined;
        if (answer) {
          for (const reply of repliesTo(message, answer.text)) host.write(formatAdbMessage(reply));
          if (answer.as) void restart(answer.as);
        } else if (message.arg1 !== relayStream) {
          device.write(bytes);
        }
      }
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serviceOf({ payload }: AdbMessage): string {
  return payload.toString("latin1").replace(/\0$/, "");
}

/** A stream that is opened, says `text`, and is closed. */
function repliesTo({ arg0 }: AdbMessage, text: string): AdbMessage[] {
  const reply = (command: number, payload: Buffer): AdbMessage => ({
    command,
    arg0: relayStream,
    arg1: arg0,
    payload,
  });
  const nothing = Buffer.alloc(0);
  return [
    reply(adbCommand.okay, nothing),
    reply(adbCommand.write, Buffer.from(text)),
    reply(adbCommand.close, nothing),
  ];
}
