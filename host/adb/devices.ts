import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { type AdbConnection, AdbRefusal } from "./connection.js";
import { type AdbServer, connectToServer } from "./server.js";

/** A device as the adb server lists it. */
export interface Device {
  readonly serial: string;
  /** "device" when usable; else "offline", "unauthorized", "no permissions", "recovery", … */
  readonly state: string;
  readonly model: string | undefined;
  readonly transportId: string | undefined;
  /** Connected by cable, as `-d` asks: not an emulator, and not over the network. */
  readonly usb: boolean;
}

/** adb's options to choose a device: `-s`, `-d`, `-e`, `-t`, and `ANDROID_SERIAL`. */
export interface DeviceChoice {
  readonly serial?: string | undefined;
  readonly usb?: boolean | undefined;
  readonly emulator?: boolean | undefined;
  readonly transportId?: string | undefined;
}

/** The states of a transport (AOSP packages/modules/adb/adb.cpp, to_string(ConnectionState)). */
const states = [
  "offline|bootloader|device|host|recovery|rescue|sideload|unauthorized|authorizing|connecting|detached|unknown",
  // The reason and the address of a page about it follow.
  String.raw`no permissions(?:.*?\S)?`,
].join("|");
/** What follows the state: `key:value`, or of old servers a USB path by itself. */
const details = String.raw`(?=\s+(?:(?:usb|product|model|device|features|transport_id):\S|\d+-[\d.]+(?:\s|$))|\s*$)(.*)$`;
/** The serial is what stands before a state that nothing but details follows: it may hold spaces. */
const listLine = new RegExp(String.raw`^(\S(?:.*?\S)?)\s+(${states})${details}`);
/** A line with a state that is not known here. */
const otherLine = new RegExp(String.raw`^(\S+)\s+(\S.*?)${details}`);
/** A real line has some hundred characters. */
const maxLine = 2048;
/** The serials that adb gives to emulators and network devices: all others are of USB devices. */
const networkSerial =
  /^emulator-\d+$|:\d+$|\._adb(?:-tls-\w+)?\._tcp\.?$|^(?:tcp|vsock|localabstract|localfilesystem):/;

/**
 * Parses the answer of `host:devices-l`: serial, state, then `key:value` words (AOSP
 * packages/modules/adb/transport.cpp, append_transport). Servers on Windows list no `usb:`: if no line has one, the form of
 * the serial decides.
 */
export function parseDevices(listing: string): Device[] {
  const devices = listing.split("\n").flatMap((line) => parseDevice(line) ?? []);
  const listsUsb = devices.some(({ usb }) => usb);
  return listsUsb
    ? devices
    : devices.map((device) => ({ ...device, usb: !networkSerial.test(device.serial) }));
}

function parseDevice(line: string): Device | undefined {
  if (line.length > maxLine) return undefined;
  const [, serial, state, rest = ""] = listLine.exec(line) ?? otherLine.exec(line) ?? [];
  if (serial === undefined || state === undefined) return undefined;
  const words = rest.split(/\s+/);
  const value = (key: string) =>
    words.find((word) => word.startsWith(`${key}:`))?.slice(key.length + 1) || undefined;
  return {
    serial,
    state: state.startsWith("no permissions") ? "no permissions" : state,
    model: value("model"),
    transportId: value("transport_id"),
    usb: value("usb") !== undefined || words.some((word) => /^\d+-[\d.]+$/.test(word)),
  };
}

/** Throws the error for a device whose state does not let it run commands. */
export function assertUsable(device: Device): void {
  const serial = printable(device.serial);
  switch (device.state) {
    case "device":
    case "recovery":
    case "rescue":
      return;
    case "unauthorized":
    case "authorizing":
      throw new KheadersError("device-unauthorized", `${serial} has not authorized this computer`, {
        hint: 'Unlock the device and accept the prompt "Allow USB debugging?".',
      });
    case "offline":
    case "connecting":
      throw new KheadersError("device-offline", `${serial} is ${device.state}`, {
        hint: "Plug it in again, or try: adb reconnect",
      });
    case "no permissions":
      throw new KheadersError("device-unusable", `no permission to open ${serial} over USB`, {
        hint: "Install udev rules (Debian: apt install android-sdk-platform-tools-common) and join the group plugdev.",
      });
    default:
      throw new KheadersError("device-unusable", `${serial} is in state "${printable(device.state)}"`, {
        hint: "Boot it into Android, and wait with --wait.",
      });
  }
}

/** Asks the server for its devices. */
export async function listDevices(server: AdbServer, signal: AbortSignal): Promise<Device[]> {
  return readDevices(await connectToServer(server, signal));
}

/** Asks for the devices over an open connection, and closes it. */
export async function readDevices(connection: AdbConnection): Promise<Device[]> {
  try {
    await connection.ask("host:devices-l");
    return parseDevices(await connection.readValue());
  } finally {
    connection.close();
  }
}

/** Opens a connection that is tied to the device: the next request goes to it. Throws `device-lost` if it is gone. */
export async function connectToDevice(
  server: AdbServer,
  device: Device,
  signal: AbortSignal,
): Promise<AdbConnection> {
  const connection = await connectToServer(server, signal);
  try {
    // A transport id tells apart two devices that have one serial; servers before platform-tools 28 have none.
    const target =
      device.transportId === undefined
        ? `host:transport:${device.serial}`
        : `host:transport-id:${device.transportId}`;
    await connection.request(target);
    return connection;
  } catch (error) {
    connection.close();
    if (!(error instanceof AdbRefusal)) throw error;
    throw new KheadersError("device-lost", `${printable(device.serial)} is gone: ${error.message}`, {
      hint: "Check the cable and: adb devices",
      cause: error,
    });
  }
}
