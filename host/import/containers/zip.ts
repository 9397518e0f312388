import { type ExtractOptions, extractWith, type Opener, withFirstInstalled } from "./extract.js";

const unzip: Opener = { program: "unzip", package: "unzip" };
export const sevenZip: Opener = { program: "7zz", package: "7zip" };

/** Whether a file is a zip archive, by the signature of its first local header (APPNOTE.TXT 4.3.7). */
export function isZip(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).toString("latin1") === "PK\x03\x04";
}

/** Unpacks a zip archive. Both programs leave out what leads out of the folder. */
export function extractZip(file: string, folder: string, options: ExtractOptions): Promise<void> {
  return withFirstInstalled([unzip, sevenZip], (opener) => {
    const args =
      opener === unzip ? ["-q", "-o", file, "-d", folder] : ["x", "-y", "-bd", `-o${folder}`, file];
    return extractWith(opener, args, folder, options);
  });
}
