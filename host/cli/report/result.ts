import type { KheadersError } from "../../../shared/errors.js";
import type { PullResult } from "../../pull/result.js";

/** The JSON object of a pull's result. What is unknown or did not happen is null. */
export function resultObject(result: PullResult): object {
  const { kernel, ms } = result;
  const { connect, identify, load, transfer, unpack, total } = ms;
  const orNull = <T>(value: T | undefined) => value ?? null;
  return {
    serial: orNull(result.serial),
    fingerprint: orNull(kernel.fingerprint),
    release: kernel.release,
    version: orNull(kernel.version),
    machine: orNull(kernel.machine),
    buildId: orNull(kernel.buildId),
    digest: result.digest,
    bytes: result.bytes,
    archive: result.archive,
    tree: result.tree,
    cache: result.cache,
    proof: orNull(result.proof),
    source: result.source,
    unloaded: orNull(result.unloaded),
    ms: {
      connect: orNull(connect),
      identify: orNull(identify),
      load: orNull(load),
      transfer: orNull(transfer),
      unpack: orNull(unpack),
      total: orNull(total),
    },
  };
}

/** The JSON object of an error. `serial` is the device that it is about. */
export function errorObject(serial: string | undefined, error: KheadersError): object {
  return {
    serial: serial ?? null,
    error: { code: error.code, message: error.message, hint: error.hint ?? null },
  };
}
