import { KheadersError } from "../../shared/errors.js";
import type { ProgressListener } from "../../shared/progress.js";
import { RootAdbd } from "./adbd-root.js";
import type { Device } from "./devices.js";
import type { AdbServer } from "./server.js";

/** How a device may become root. */
export interface RootOptions {
  readonly server: AdbServer;
  /** By su, by restarting adbd (`adb root`), or not at all. */
  readonly root: "su" | "adb" | "never";
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/**
 * Works with a device. Where that fails for want of root, and `adb root` is allowed, works with it once more while adbd runs
 * as root; adbd is put back as it was, whatever comes of the work.
 *
 * @throws KheadersError what the work throws, and what restarting adbd does.
 */
export async function withRootAdbd<T>(
  device: Device,
  options: RootOptions,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  const { server, root, signal, onProgress } = options;
  try {
    return await work(device);
  } catch (error) {
    const wantsRoot = error instanceof KheadersError && error.code === "needs-root";
    if (!wantsRoot || root !== "adb") throw error;
  }
  signal.throwIfAborted();
  onProgress({ type: "stage", stage: "restarting-adbd" });
  const adbd = await RootAdbd.restart(server, device);
  try {
    return await work(await adbd.device(signal));
  } finally {
    onProgress({ type: "stage", stage: "restarting-adbd" });
    await adbd.putBack().catch((error: Error) => {
      const message = `adbd may still run as root (${error.message}); put it back with: adb unroot`;
      onProgress({ type: "warning", message });
    });
  }
}
