import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { AdbRefusal } from "./connection.js";
import { assertUsable, type Device, type DeviceChoice } from "./devices.js";
import { type AdbServer, connectToServer } from "./server.js";

/**
 * Chooses the device that the user means, as adb would, among those that the server lists. For `-d` and `-e` the server is
 * asked: its list does not always tell how a device is connected.
 */
export async function chooseDevice(
  server: AdbServer,
  devices: readonly Device[],
  choice: DeviceChoice,
  signal: AbortSignal,
): Promise<Device> {
  const isByKind = choice.transportId === undefined && choice.serial === undefined;
  if (!isByKind || !(choice.usb || choice.emulator)) return chooseListed(devices, choice);
  const answer = await askForTransport(server, choice.usb ? "usb" : "local", signal);
  const named = devices.find(
    ({ transportId }) => transportId === answer.transportId && transportId !== undefined,
  );
  // A device with the serial of a USB device is none for -e, whatever lies between us and its server.
  if (named !== undefined && (choice.usb || !named.usb)) return chooseListed([named], {});
  if (/^more than one/.test(answer.refusal ?? "")) {
    const candidates = devices.filter((device) => device.usb === (choice.usb === true));
    throw severalDevices(candidates.length > 1 ? candidates : devices);
  }
  if (choice.emulator && /^no .*found/.test(answer.refusal ?? "")) throw nothingToChoose(devices, choice);
  return chooseListed(devices, choice);
}

/** Chooses by the list alone. Devices that cannot be used are told apart. */
export function chooseListed(devices: readonly Device[], choice: DeviceChoice): Device {
  const candidates = devices.filter((device) => {
    if (choice.transportId !== undefined) return device.transportId === choice.transportId;
    if (choice.serial !== undefined) return device.serial === choice.serial;
    if (choice.usb) return device.usb;
    if (choice.emulator) return !device.usb;
    return true;
  });
  const [first, second] = candidates;
  if (first === undefined) throw nothingToChoose(devices, choice);
  if (second !== undefined) throw severalDevices(candidates);
  assertUsable(first);
  return first;
}

/**
 * Asks the server which device it has over USB, or as an emulator or over the network (AOSP packages/modules/adb/adb.cpp,
 * handle_host_request, since platform-tools 29): the transport id in 8 bytes, or why there is no single one.
 */
async function askForTransport(
  server: AdbServer,
  kind: "usb" | "local",
  signal: AbortSignal,
): Promise<{ transportId?: string; refusal?: string }> {
  const connection = await connectToServer(server, signal);
  try {
    await connection.request(`host:tport:${kind}`);
    return { transportId: (await connection.readBytes(8)).readBigUInt64LE().toString() };
  } catch (error) {
    if (!(error instanceof AdbRefusal)) throw error;
    return { refusal: error.message };
  } finally {
    connection.close();
  }
}

function severalDevices(devices: readonly Device[]): KheadersError {
  return new KheadersError("several-devices", `more than one device: ${listOf(devices)}`, {
    hint: "Choose one with -s SERIAL, -t ID or ANDROID_SERIAL.",
  });
}

function nothingToChoose(devices: readonly Device[], choice: DeviceChoice): KheadersError {
  const others = devices.length === 0 ? "no device is connected" : `connected: ${listOf(devices)}`;
  if (choice.serial !== undefined) {
    return new KheadersError(
      "unknown-serial",
      `no device has the serial ${printable(choice.serial)}; ${others}`,
      {
        hint: "See: adb devices -l",
      },
    );
  }
  if (choice.transportId !== undefined) {
    return new KheadersError(
      "unknown-serial",
      `no device has the transport id ${printable(choice.transportId)}; ${others}`,
      {
        hint: "See: adb devices -l",
      },
    );
  }
  const kind = choice.usb ? "no USB device" : choice.emulator ? "no emulator or network device" : "no device";
  return new KheadersError(
    "no-device",
    devices.length === 0 ? "no device is connected" : `${kind}; ${others}`,
    {
      hint: "Plug one in with USB debugging on, or use: adb connect HOST. --wait waits for it.",
    },
  );
}

function listOf(devices: readonly Device[]): string {
  return devices
    .map((device) => {
      const facts = [device.state === "device" ? undefined : device.state, device.model];
      const known = facts.filter((fact) => fact !== undefined).map((fact) => printable(fact));
      return `${printable(device.serial)}${known.length === 0 ? "" : ` (${known.join(", ")})`}`;
    })
    .join(", ");
}
