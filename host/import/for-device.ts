import { KheadersError } from "../../shared/errors.js";
import { findDevice } from "../adb/wait.js";
import { withConversation } from "../agent/with-conversation.js";
import type { Proof } from "../cache/index.js";
import type { PullOptions } from "../pull/options.js";
import { pull } from "../pull/pull.js";
import { type ImportResult, importHeaders } from "./import.js";
import type { ImportOptions } from "./options.js";

/** Whether imported headers serve a device. */
export type Verdict =
  | { readonly serial: string; readonly serves: true; readonly proof: Proof | undefined }
  | {
      readonly serial: string;
      readonly serves: false;
      /** Why not, or what is missing to be sure; one line. */
      readonly reason: string;
      readonly hint: string | undefined;
    };

/** Headers that were imported for a device. */
export interface DeviceImport extends ImportResult {
  readonly verdict: Verdict;
}

/**
 * Imports headers for the system that a device runs, and tells whether they serve it: by the rule of every pull. Files of
 * another release are refused before they are unpacked.
 *
 * @throws KheadersError as {@link importHeaders}, and those of the conversation with the device.
 */
export async function importForDevice(
  options: Omit<ImportOptions, "fingerprint" | "expected">,
  device: PullOptions,
): Promise<DeviceImport> {
  const { serial, fingerprint, release } = await identify(device);
  const imported = await importHeaders({ ...options, fingerprint, expected: { release, of: serial } });
  return { ...imported, verdict: await verdictOf(imported, { ...device, choice: { serial } }, serial) };
}

async function identify(options: PullOptions) {
  const { server, choice, waitSeconds, signal, onProgress } = options;
  const device = await findDevice(server, choice, {
    waitSeconds,
    onWait: () => onProgress({ type: "stage", stage: "waiting-for-device" }),
    signal,
  });
  return withConversation(device, options, async ({ hello }) => ({ ...hello, serial: device.serial }));
}

/** Asks the cache as a pull does, and nothing else. */
async function verdictOf(imported: ImportResult, options: PullOptions, serial: string): Promise<Verdict> {
  const reasons: string[] = [];
  try {
    const served = await pull({
      ...options,
      offline: true,
      refresh: false,
      onProgress: (event) => {
        if (event.type === "warning") reasons.push(event.message);
        else options.onProgress(event);
      },
    });
    if (served.digest === imported.digest) return { serial, serves: true, proof: served.proof };
    const reason = `the cache has other headers for it, which go before them: ${served.digest.slice(0, 12)}`;
    return { serial, serves: false, reason, hint: undefined };
  } catch (error) {
    if (!(error instanceof KheadersError) || !undecided.has(error.code)) throw error;
    const [first = error.message] = reasons;
    return {
      serial,
      serves: false,
      reason: first.replace(/^not used: /, ""),
      hint: reasons.length === 0 ? error.hint : undefined,
    };
  }
}

/** Errors that say that the cache does not serve, or that only root could tell. */
const undecided: ReadonlySet<string> = new Set(["not-cached", "needs-root", "root-refused", "root-timeout"]);
