import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { assertUsable, type Device, type DeviceChoice } from "../adb/devices.js";
import { matchesModel, type Pattern } from "./match.js";

/** Which of the adb server's devices to take: those named, or all that can be used and match. */
export type Selection =
  | { readonly serials: readonly string[] }
  | {
      readonly serials?: undefined;
      /** Only those on USB. */
      readonly usb?: boolean | undefined;
      /** Only emulators and network devices. */
      readonly emulator?: boolean | undefined;
      /** All of them must match. */
      readonly match?: readonly Pattern[] | undefined;
    };

/** One device to work on. */
export interface Target {
  readonly serial: string;
  readonly choice: DeviceChoice;
}

/** A device that was selected, but cannot be used. */
export interface Skipped {
  readonly serial: string;
  readonly reason: KheadersError;
}

/** Whether a device is selected, as far as the adb server knows. */
export function isSelected(device: Device, selection: Selection): boolean {
  if (selection.serials !== undefined) return selection.serials.includes(device.serial);
  const { usb, emulator, match = [] } = selection;
  if (usb && !device.usb) return false;
  if (emulator && device.usb) return false;
  return matchesModel(match, device.model);
}

/** The devices that were named, connected or not. */
export function namedTargets(serials: readonly string[]): Target[] {
  return [...new Set(serials)].map((serial) => ({ serial, choice: { serial } }));
}

/** Splits the selected devices into those that can be used and those that cannot. At least one must be usable. */
export function selectTargets(
  devices: readonly Device[],
  selection: Selection,
): { readonly targets: Target[]; readonly skipped: Skipped[] } {
  const selected = devices.filter((device) => isSelected(device, selection));
  const skipped = selected.flatMap((device) => {
    const reason = whyUnusable(device);
    return reason === undefined ? [] : [{ serial: device.serial, reason }];
  });
  const targets = selected
    .filter((device) => whyUnusable(device) === undefined)
    .map((device) => targetOf(device, devices));
  if (targets.length === 0) throw nothingSelected(devices, skipped);
  return { targets, skipped };
}

/** By its serial, which outlives a reconnection; by its connection if two devices have the same serial. */
function targetOf(device: Device, devices: readonly Device[]): Target {
  const { serial, transportId } = device;
  const isUnique = devices.filter((other) => other.serial === serial).length === 1;
  return { serial, choice: isUnique || transportId === undefined ? { serial } : { transportId } };
}

/** Why a device cannot run commands; undefined if it can. */
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
        : `no connected device matches: ${others}`;
  return new KheadersError("no-device", message, {
    hint: skipped[0]?.reason.hint ?? "See: adb devices -l. Wait for a device with --wait.",
  });
}
