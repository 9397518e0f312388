import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import { damaged, overFileLimit } from "../../formats/errors.js";
import { importLimits } from "../limits.js";
import { type ExtractOptions, extractWith, withFirstInstalled } from "./extract.js";
import { sevenZip } from "./zip.js";

const simg2img = { program: "simg2img", package: "android-sdk-libsparse-utils" };

/** Whether a file is an Android sparse image, by its magic (AOSP system/core, libsparse/sparse_format.h). */
export function isSparse(head: Uint8Array): boolean {
  return head.length >= 28 && Buffer.from(head).readUInt32LE() === 0xed26ff3a;
}

/** Writes out the image that a sparse image stands for. @returns its path. */
export async function expandSparse(
  file: string,
  head: Uint8Array,
  folder: string,
  options: ExtractOptions,
): Promise<string> {
  const header = Buffer.from(head);
  const size = header.readUInt32LE(12) * header.readUInt32LE(16);
  // What it says of its size is only how long the file will be: the blocks that it fills are counted as they come.
  if (size > 4 * importLimits.extractedBytes)
    throw overFileLimit("the image that it stands for", 4 * importLimits.extractedBytes, "bytes");
  const image = path.join(folder, "image");
  return withFirstInstalled([simg2img, sevenZip], async (opener) => {
    if (opener === simg2img) {
      await extractWith(opener, [file, image], folder, options);
      return image;
    }
    await extractWith(opener, ["x", "-y", "-bd", "-tSparse", `-o${folder}`, file], folder, options);
    return onlyFileIn(folder);
  });
}

function onlyFileIn(folder: string): string {
  const [name, another] = readdirSync(folder);
  if (name === undefined || another !== undefined) throw damaged("it does not stand for one image");
  const file = path.join(folder, name);
  if (!lstatSync(file).isFile()) throw damaged("it does not stand for one image");
  return file;
}
