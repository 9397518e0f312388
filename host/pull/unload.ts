import { KheadersError } from "../../shared/errors.js";
import type { ProgressListener } from "../../shared/progress.js";
import { stallSeconds } from "../../shared/protocol.js";
import { type RootMode, withAdbdRoot } from "../adb/adbd-root.js";
import type { Device, DeviceChoice } from "../adb/devices.js";
import type { AdbServer } from "../adb/server.js";
import { findDevice } from "../adb/wait.js";
import { becomeRoot } from "../agent/su.js";
import { withConversation } from "../agent/with-conversation.js";
import { adbServer, defaultChoice, ignore, neverAborts, type Optional } from "./options.js";

export interface UnloadOptions {
  readonly server: AdbServer;
  readonly choice: DeviceChoice;
  readonly waitSeconds: number;
  /** How the device may become root if that is needed. */
  readonly root: RootMode;
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/**
 * Unloads the kheaders module from a device's kernel, for example after a pull that left it loaded.
 *
 * @returns the device's serial, and whether the module was there to unload.
 * @throws KheadersError `device-busy` while another process reads the archive or holds the device's lock, `needs-root`,
 * `root-refused`, `not-permitted`, and what finding and reaching a device throws.
 */
export async function unload(
  given: Optional<UnloadOptions> = {},
): Promise<{ readonly serial: string; readonly unloaded: boolean }> {
  const options = complete(given);
  const device = await findDevice(options.server, options.choice, {
    waitSeconds: options.waitSeconds,
    onWait: () => options.onProgress({ type: "stage", stage: "waiting-for-device" }),
    signal: options.signal,
  });
  return withAdbdRoot(device, options, (reached) => unloadFrom(reached, options));
}

function unloadFrom(
  device: Device,
  options: UnloadOptions,
): Promise<{ readonly serial: string; readonly unloaded: boolean }> {
  return withConversation(device, options, async (conversation) => {
    const report = await conversation.headers();
    if (report.loaded === "no") return { serial: device.serial, unloaded: false };
    if (report.uid !== 0) {
      if (options.root !== "su")
        throw new KheadersError("needs-root", "only root can unload the kheaders module");
      options.onProgress({ type: "stage", stage: "becoming-root" });
      await becomeRoot(conversation, "only root can unload the kheaders module");
    }
    const unloaded = await conversation.unload(() =>
      options.onProgress({ type: "stage", stage: "waiting-for-device-lock" }),
    );
    if (unloaded === "in-use") {
      throw new KheadersError(
        "device-busy",
        "another process is reading the headers on the device, so the module stays loaded",
        {
          hint: "Try again when it has finished.",
        },
      );
    }
    if (unloaded === "no") {
      throw new KheadersError("not-permitted", "could not unload the kheaders module", {
        hint: "See the kernel log: adb shell dmesg",
      });
    }
    return { serial: device.serial, unloaded: unloaded === "yes" };
  });
}

function complete(given: Optional<UnloadOptions>): UnloadOptions {
  return {
    server: given.server ?? adbServer(),
    choice: given.choice ?? defaultChoice(),
    waitSeconds: given.waitSeconds ?? 0,
    root: given.root ?? "su",
    stallSeconds: given.stallSeconds ?? stallSeconds,
    signal: given.signal ?? neverAborts(),
    onProgress: given.onProgress ?? ignore,
  };
}
