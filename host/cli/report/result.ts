import type { KheadersError } from "../../../shared/errors.js";
import type { KnownKernel } from "../../../shared/identity.js";
import type { ListedKernel, ListedTree, RemovedTree } from "../../cache/index.js";
import type { Check } from "../../doctor/doctor.js";
import type { PullResult } from "../../pull/result.js";

/*
 * What --json prints, if it is not what the library gives. docs/json.md describes each object. A thing has the same keys
 * wherever it is told of, and what is unknown or did not happen is null.
 */

/** The keys that tell a kernel. */
export function kernelObject(kernel: KnownKernel | undefined): object {
  const { fingerprint = null, release = null, version = null, machine = null, buildId = null } = kernel ?? {};
  return { fingerprint, release, version, machine, buildId };
}

/** The object of a pull's result. */
export function resultObject(result: PullResult): object {
  const { serial, digest, bytes, archive, tree, cache, proof, source, unloaded, ms } = result;
  const previous = result.previous && kernelObject(result.previous);
  const { connect, identify, load, transfer, unpack, total } = ms;
  const orNull = <T>(value: T | undefined) => value ?? null;
  return {
    serial: orNull(serial),
    ...kernelObject(result.kernel),
    previous: orNull(previous),
    digest,
    bytes,
    archive,
    tree,
    cache,
    proof: orNull(proof),
    source,
    unloaded: orNull(unloaded),
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

/** The object of a kernel in the cache: of its headers, or of its own BTF. */
export function listedObject(listed: ListedKernel, { btf } = { btf: false }): object {
  const { entry, stats, tree, lastUse, serials } = listed;
  const { kernel, digest, bytes, source, origin = null, created, tool } = entry;
  const { files = null, folders = null, links = null, unpackedBytes = null } = stats ?? {};
  return {
    ...kernelObject(kernel),
    btf,
    digest,
    bytes,
    tree: tree ?? null,
    files,
    folders,
    links,
    unpackedBytes,
    source,
    origin,
    created,
    lastUse,
    tool,
    serials,
  };
}

/** The object of a tree in the cache that serves no kernel: the same keys. */
export function listedTreeObject(listed: ListedTree): object {
  const { digest, bytes, tree, files, folders, links, unpackedBytes, lastUse } = listed;
  const unknown = { source: null, origin: null, created: null, btf: false };
  const stats = { files, folders, links, unpackedBytes };
  return {
    ...kernelObject(undefined),
    digest,
    bytes,
    tree,
    ...stats,
    ...unknown,
    lastUse,
    tool: null,
    serials: [],
  };
}

/** The object of a tree that was removed. */
export function removedObject({ digest, kernels }: RemovedTree): object {
  return { digest, kernels: kernels.map(({ kernel }) => kernelObject(kernel)) };
}

/** The object of one thing that the doctor checked. */
export function checkObject({ name, status, detail, hint, code }: Check): object {
  return { name, status, detail, hint: hint ?? null, code: code ?? null };
}

/** The object of a header that compiles, or does not: why, in the compiler's words. */
export function headerObject({ header, error }: { header: string; error: string | undefined }): object {
  const failed = { code: "compile-failed", message: error ?? "", hint: undefined } as const;
  return { header, error: error === undefined ? null : errorFields(failed) };
}

/** The object of an error. `serial` is the device that it is about. */
export function errorObject(serial: string | undefined, error: KheadersError): object {
  return { serial: serial ?? null, error: errorFields(error) };
}

/** What stands at the key `error`. */
export function errorFields({
  code,
  message,
  hint,
}: Pick<KheadersError, "code" | "message" | "hint">): object {
  return { code, message, hint: hint ?? null };
}
