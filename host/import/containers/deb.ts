import { type ExtractOptions, extractWith } from "./extract.js";

/** Whether a file is a Debian package: an ar archive whose first member is `debian-binary` (deb(5)). */
export function isDeb(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 21)).toString("latin1") === "!<arch>\ndebian-binary";
}

/** Unpacks the files of a Debian package. */
export function extractDeb(file: string, folder: string, options: ExtractOptions): Promise<void> {
  return extractWith({ program: "dpkg-deb", package: "dpkg" }, ["--extract", file, folder], folder, options);
}
