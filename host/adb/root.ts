import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { connectToDevice, type Device, listDevices } from "./devices.js";
import type { AdbServer } from "./server.js";

const pollMilliseconds = 100;
/** adbd answers before it restarts; some transports never show that it was away. */
const longestLeaveMilliseconds = 5_000;

/**
 * Restarts adbd as root, as `adb root` does: this ends other people's sessions on the device.
 *
 * @returns the device as it came back, and whether adbd was restarted: it may have been root before.
 * @throws KheadersError `root-refused` on production builds, `device-lost`; the signal's reason while waiting for it.
 */
export async function restartAsRoot(
  server: AdbServer,
  device: Device,
  signal: AbortSignal,
): Promise<{ readonly device: Device; readonly restarted: boolean }> {
  const answer = await askAdbd(server, device, "root:", signal);
  if (/already running as root/.test(answer)) return { device, restarted: false };
  if (!/restarting/.test(answer)) {
    throw new KheadersError("root-refused", `adb root: ${printable(answer.trim()) || "the device refused"}`, {
      hint: "Only userdebug and eng builds can restart adbd as root; on others use su.",
    });
  }
  return { device: await comeBack(server, device, signal), restarted: true };
}

/** Restarts adbd as the shell user, as `adb unroot` does, and waits until the device is back. */
export async function restartAsShell(server: AdbServer, device: Device, signal: AbortSignal): Promise<void> {
  const answer = await askAdbd(server, device, "unroot:", signal);
  if (/restarting/.test(answer)) await comeBack(server, device, signal);
}

/** The services `root:` and `unroot:` answer with a sentence and close (AOSP packages/modules/adb/daemon/restart_service.cpp). */
async function askAdbd(
  server: AdbServer,
  device: Device,
  service: string,
  signal: AbortSignal,
): Promise<string> {
  const connection = await connectToDevice(server, device, signal);
  try {
    return await connection.readAnswer(service);
  } finally {
    connection.close();
  }
}

async function comeBack(server: AdbServer, device: Device, signal: AbortSignal): Promise<Device> {
  const leaving = Date.now();
  let hasLeft = false;
  for (;;) {
    const now = (await listDevices(server, signal)).find(({ serial }) => serial === device.serial);
    hasLeft ||= now?.state !== "device" || now.transportId !== device.transportId;
    if (now?.state === "device" && (hasLeft || Date.now() - leaving > longestLeaveMilliseconds)) return now;
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
