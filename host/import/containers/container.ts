import { mkdirSync } from "node:fs";
import { extractDeb, isDeb } from "./deb.js";
import { extractErofs, isErofs } from "./erofs.js";
import { extractExt4, isExt4 } from "./ext4.js";
import type { ExtractOptions } from "./extract.js";
import { expandSparse, isSparse } from "./sparse.js";
import { isSuper, refuseSuper } from "./super.js";
import { extractTar, isTar } from "./tar.js";
import { extractZip, isZip } from "./zip.js";

/** Bytes of a file by which a container is recognised. */
export const headBytes = 8192;

/** A form of file that holds other files. */
export interface Container {
  /** As the user reads it. */
  readonly name: string;
  /**
   * Takes what is in it out, into a new folder. @returns the path of that, or of the one file that it stands for. Throws
   * `file-corrupt`, `file-refused` or `tool-missing`.
   */
  open(file: string, folder: string, options: ExtractOptions): Promise<string>;
}

/** As {@link Container.open}; the folder exists. */
type Extract = (file: string, head: Uint8Array, folder: string, options: ExtractOptions) => Promise<string>;

const forms: readonly (readonly [name: string, isOne: (head: Uint8Array) => boolean, extract: Extract])[] = [
  ["sparse image", isSparse, expandSparse],
  ["Debian package", isDeb, intoFolder(extractDeb)],
  ["zip archive", isZip, intoFolder(extractZip)],
  ["tar archive", isTar, extractTar],
  ["EROFS image", isErofs, intoFolder(extractErofs)],
  ["ext4 image", isExt4, intoFolder(extractExt4)],
  ["super image", isSuper, refuseSuper],
];

function intoFolder(
  extract: (file: string, folder: string, options: ExtractOptions) => Promise<void>,
): Extract {
  return async (file, _head, folder, options) => {
    await extract(file, folder, options);
    return folder;
  };
}

/** The container that a file with this beginning is; undefined if it is none. */
export function containerOf(head: Uint8Array): Container | undefined {
  const found = forms.find(([, isOne]) => isOne(head));
  return found && made(found[0], head, found[2]);
}

/** A compressed tar archive: whether it is one shows when it is opened. */
export function compressedTar(head: Uint8Array): Container {
  return made("compressed tar archive", head, extractTar);
}

function made(name: string, head: Uint8Array, extract: Extract): Container {
  return {
    name,
    async open(file, folder, options) {
      mkdirSync(folder);
      return extract(file, head, folder, options);
    },
  };
}
