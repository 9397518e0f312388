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
  /** Connected by cable, as `-d` asks; an emulator or a TCP connection is none. */
  readonly usb: boolean;
}

/** adb's options to choose a device: `-s`, `-d`, `-e`, `-t`, and `ANDROID_SERIAL`. */
export interface DeviceChoice {
  readonly serial?: string | undefined;
  readonly usb?: boolean | undefined;
  readonly emulator?: boolean | undefined;
  readonly transportId?: string | undefined;
}

/**
 * Parses the answer of `host:devices-l`: serial, state, then `key:value` words (AOSP
 * packages/modules/adb/transport.cpp, append_transport). The state can hold spaces, as in "no permissions (…)", and so
 * can the serial: "(no serial number)", or a name that mDNS found taken, "adb-… (2)._adb-tls-connect._tcp".
 */
export function parseDevices(listing: string): Device[] {
  return listing.split("\n").flatMap((line) => {
    const match = /^(\(no serial number\)|\S+(?: \(\d+\)\.\S+)?)\s+(.*)$/.exec(line);
    const serial = match?.[1];
    const rest = match?.[2];
    if (serial === undefined || rest === undefined) return [];
    const words = rest.split(/\s+/);
    const firstDetail = words.findIndex((word) =>
      /^(usb|product|model|device|features|transport_id):|^\d+-[\d.]+$/.test(word),
    );
    const detail = (key: string) =>
      words.find((word) => word.startsWith(`${key}:`))?.slice(key.length + 1) || undefined;
    const state = words.slice(0, firstDetail < 0 ? words.length : firstDetail).join(" ");
    return [
      {
        serial,
        state: state.startsWith("no permissions") ? "no permissions" : state,
        model: detail("model"),
        transportId: detail("transport_id"),
        usb: detail("usb") !== undefined || words.some((word) => /^\d+-[\d.]+$/.test(word)),
      },
    ];
  });
}

/**
 * Picks the device that the user means, as adb would. Devices that cannot be used are told apart.
 *
 * @throws KheadersError `no-device`, `several-devices` (lists them), `unknown-serial`, `device-unauthorized`,
 * `device-offline`, `device-unusable`.
 */
export function chooseDevice(devices: readonly Device[], choice: DeviceChoice): Device {
  const candidates = devices.filter((device) => {
    if (choice.transportId !== undefined) return device.transportId === choice.transportId;
    if (choice.serial !== undefined) return device.serial === choice.serial;
    if (choice.usb) return device.usb;
    if (choice.emulator) return !device.usb;
    return true;
  });
  const [first, second] = candidates;
  if (first === undefined) throw nothingToChoose(devices, choice);
  if (second !== undefined) {
    throw new KheadersError("several-devices", `more than one device: ${listOf(candidates)}`, {
      hint: "Choose one with -s SERIAL, -t ID or ANDROID_SERIAL.",
    });
  }
  assertUsable(first);
  return first;
}

/** @throws KheadersError unless the device's state lets it run commands. */
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
        hint: "Install udev rules for it (Debian: apt install android-sdk-platform-tools-common) and join group plugdev.",
      });
    default:
      throw new KheadersError("device-unusable", `${serial} is in state "${printable(device.state)}"`, {
        hint: "Boot it into Android, and wait with --wait.",
      });
  }
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

/** Asks the server for its devices. @throws KheadersError `adb-not-found` or `adb-failed`. */
export async function listDevices(server: AdbServer, signal: AbortSignal): Promise<Device[]> {
  return readDevices(await connectToServer(server, signal));
}

/** Asks over an open connection, which is closed. @throws KheadersError `adb-failed`. */
export async function readDevices(connection: AdbConnection): Promise<Device[]> {
  try {
    await connection.request("host:devices-l");
    return parseDevices(await connection.readValue());
  } finally {
    connection.close();
  }
}

/**
 * Opens a connection that is tied to the device: the next request goes to it.
 *
 * @throws KheadersError `device-lost` when the server no longer has it; `adb-not-found` or `adb-failed`.
 */
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
