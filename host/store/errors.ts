import { KheadersError, reasonOf } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** The error for a store that cannot be reached, stalls, or answers with an error. */
export function storeFailed(address: string, reason: string, cause?: unknown): KheadersError {
  return new KheadersError("store-failed", `the store ${printable(address, 400)} failed: ${reason}`, {
    hint: hintOf(cause) ?? "Check that it runs and can be reached, then try again.",
    cause,
  });
}

/** The error for a store that wants other credentials, or more rights than they have. */
export function storeDenied(address: string, reason: string, registry: string): KheadersError {
  return new KheadersError("store-denied", `the store ${printable(address, 400)} denies access: ${reason}`, {
    hint: `Log in with: docker login ${registry} or podman login ${registry}`,
  });
}

/** The error for content that is not what it should be: another digest or size, or no manifest of a kernel. */
export function storeCorrupt(address: string, reason: string): KheadersError {
  return new KheadersError("store-corrupt", `the store ${printable(address, 400)} is damaged: ${reason}`, {
    hint: "Check it with: kheaders store verify",
  });
}

/** Turns what a network or a file system threw into {@link storeFailed}; leaves other errors as they are. */
export function asStoreError(address: string, error: unknown): unknown {
  if (error instanceof KheadersError) return error;
  // What fetch throws for a network that fails, before the answer and in it.
  if (error instanceof TypeError && error.cause !== undefined)
    return storeFailed(address, reasonOf(error.cause), error.cause);
  if (error instanceof Error && "syscall" in error) return storeFailed(address, reasonOf(error), error);
  return error;
}

/** Node reads the proxy variables only when it is told to, and only from some versions on. */
function hintOf(cause: unknown): string | undefined {
  const isNetwork = cause instanceof Error && "syscall" in cause && cause.syscall !== "open";
  const { HTTPS_PROXY, https_proxy, NODE_USE_ENV_PROXY } = process.env;
  if (!isNetwork || (HTTPS_PROXY ?? https_proxy) === undefined || NODE_USE_ENV_PROXY !== undefined)
    return undefined;
  return "If it is behind the proxy of HTTPS_PROXY, set NODE_USE_ENV_PROXY=1: Node (22.21, 24 or later) uses it then.";
}
