import path from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** Where a store is. */
export type StoreAddress =
  | {
      readonly kind: "registry";
      /** The host, with its port if one was given: as credentials name it. */
      readonly registry: string;
      /** The host alone, without the brackets of an IPv6 address. */
      readonly hostname: string;
      readonly repository: string;
      /** As the user knows it. */
      readonly text: string;
    }
  | { readonly kind: "folder"; readonly folder: string; readonly text: string };

/** A component is lower-case letters and digits, with separators between them (OCI distribution-spec 1.1, "Pulling manifests"). */
const repositoryPattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const registryPattern =
  /^(?:(\[[0-9A-Fa-f:.]+\])|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?))(?::(\d{1,5}))?$/;
const maxRepository = 255;

/**
 * Parses the address of a store: `oci://HOST[:PORT]/REPOSITORY`, or `oci:FOLDER` for an image layout in a folder.
 *
 * @param from the option or variable that it was given with, for the error.
 * @throws KheadersError `usage`.
 */
export function parseStoreAddress(text: string, from = "--store"): StoreAddress {
  const registry = /^oci:\/\/([^/]+)\/(.+)$/.exec(text);
  if (registry !== null) {
    const [, host = "", repository = ""] = registry;
    const parts = registryPattern.exec(host);
    if (parts === null || Number(parts[3] ?? 1) > 65_535 || parts[3] === "0")
      throw invalid(text, from, `"${printable(host)}" is not a host`);
    if (repository.length > maxRepository || !repositoryPattern.test(repository))
      throw invalid(text, from, `"${printable(repository)}" is not the name of a repository`);
    const hostname = parts[1]?.slice(1, -1) ?? parts[2] ?? "";
    return { kind: "registry", registry: host, hostname, repository, text };
  }
  const folder = /^oci:(?!\/\/)(.+)$/s.exec(text)?.[1];
  if (folder === undefined || folder.includes("\0")) throw invalid(text, from);
  return { kind: "folder", folder: path.resolve(folder), text };
}

/** Whether a host is this machine: then plain HTTP is as good as any. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function invalid(text: string, from: string, reason?: string): KheadersError {
  const detail = reason === undefined ? "" : `: ${reason}`;
  return new KheadersError(
    "usage",
    `${from}: invalid store "${printable(text)}"${detail} (expected oci://HOST[:PORT]/REPOSITORY or oci:FOLDER)`,
  );
}
