import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { assertUsable, type Device, type DeviceChoice } from "../adb/devices.js";
import { matchesModel, type Pattern } from "./match.js";

/** Which of the adb server's devices are meant: those named, or all that can be used and are as told. */
export type Selection =
  | { readonly serials: readonly string[] }
  | {
      readonly serials?: undefined;
      /** Those on USB alone. */
      readonly usb?: boolean | undefined;
      /** Emulators and network devices alone. */
      readonly emulator?: boolean | undefined;
      /** All of them must fit. */
      readonly match?: readonly Pattern[] | undefined;
    };

/** One device to work on. */
export interface Target {
  readonly serial: string;
  readonly choice: DeviceChoice;
}

/** A device that was meant, but cannot be used. */
export interface Skipped {
  readonly serial: string;
  readonly reason: KheadersError;
}

/** Whether a device is one of those meant, as far as the adb server can tell. */
export function isSelected(device: Device, selection: Selection): boolean {
  if (selection.serials !== undefined) return selection.serials.includes(device.serial);
  const { usb, emulator, match = [] } = selection;
  if (usb && !device.usb) return false;
  if (emulator && device.usb) return false;
  return matchesModel(match, device.model);
}

/** The devices that were named, whether they are connected or not. */
export function namedTargets(serials: readonly string[]): Target[] {
  return [...new Set(serials)].map((serial) => ({ serial, choice: { serial } }));
}

/**
 * Takes all devices that are meant, and tells apart those that cannot be used.
 *
 * @throws KheadersError `no-device` where nothing is left.
 */
export function selectTargets(
  devices: readonly Device[],
  selection: Selection,
): { readonly targets: Target[]; readonly skipped: Skipped[] } {
  const meant = devices.filter((device) => isSelected(device, selection));
  const skipped = meant.flatMap((device) => {
    const reason = whyUnusable(device);
    return reason === undefined ? [] : [{ serial: device.serial, reason }];
  });
  const targets = meant
    .filter((device) => whyUnusable(device) === undefined)
    .map((device) => targetOf(device, devices));
  if (targets.length === 0) throw nothingSelected(devices, skipped);
  return { targets, skipped };
}

/** By its serial, which outlives a reconnection; where two devices have one serial, by its connection. */
function targetOf(device: Device, devices: readonly Device[]): Target {
  const { serial, transportId } = device;
  const isUnique = devices.filter((other) => other.serial === serial).length === 1;
  return { serial, choice: isUnique || transportId === undefined ? { serial } : { transportId } };
}

/** Why a device cannot run commands, or undefined where it can. */
export function whyUnusable(device: Device): KheadersError | undefined {
  try {
    assertUsable(device);
    return undefined;
  } catch (error) {
    if (error instanceof KheadersError) return error;
    throw error;
  }
}

function nothingSelected(devices: readonly Device[], skipped: readonly Skipped[]): KheadersError {
  const reasons = skipped.map(({ reason }) => reason.message).join("; ");
  const others = devices.map(({ serial }) => printable(serial)).join(", ");
  const message =
    devices.length === 0
      ? "no device is connected"
      : reasons
        ? `no device can be used: ${reasons}`
        : `no device is as asked for; connected: ${others}`;
  return new KheadersError("no-device", message, {
    hint: skipped[0]?.reason.hint ?? "See: adb devices -l. --wait waits for devices.",
  });
}
