import { connect } from "node:net";

const cnxn = 0x4e584e43;
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
    socket.once("data", (answer) => finish(answer.length >= 4 && answer.readUInt32LE(0) === cnxn));
  });
}

function connectMessage(): Buffer {
  const banner = Buffer.from("host::features=shell_v2\0");
  const header = Buffer.alloc(24);
  const checksum = banner.reduce((sum, byte) => sum + byte, 0);
  const words = [cnxn, version, maximumPayload, banner.length, checksum, (cnxn ^ 0xffffffff) >>> 0];
  for (const [index, word] of words.entries()) header.writeUInt32LE(word, index * 4);
  return Buffer.concat([header, banner]);
}
