import { connect } from "node:net";
import { adbCommand, formatAdbMessage } from "./adb-messages.js";

const version = 0x01000001;
const maximumPayload = 1 << 20;

/**
 * Whether an adbd answers at a loopback port within `timeout` milliseconds. It speaks the first message of the device
 * protocol (packages/modules/adb/protocol.txt), for QEMU accepts connections long before its guest does.
 */
export function adbdAnswers(port: number, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(timeout, () => finish(false));
    socket.on("error", () => finish(false));
    socket.on("close", () => finish(false));
    socket.on("connect", () => socket.write(connectMessage()));
    socket.once("data", (answer) =>
      finish(answer.length >= 4 && answer.readUInt32LE(0) === adbCommand.connect),
    );
  });
}

function connectMessage(): Buffer {
  const payload = Buffer.from("host::features=shell_v2\0");
  return formatAdbMessage({ command: adbCommand.connect, arg0: version, arg1: maximumPayload, payload });
}
