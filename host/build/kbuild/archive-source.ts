import { existsSync } from "node:fs";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { runTool } from "../../process/tool.js";
import { tarPatterns } from "./source-files.js";

const tarHint = "Install GNU tar and xz (Debian: apt install tar xz-utils).";
/** Bytes of the beginning of a list of members: the first name is all that is wanted. */
const maxListing = 64 * 1024;
/** The most bytes of tar's messages. */
const maxMessages = 1024 * 1024;

/**
 * Unpacks what preparing a kernel's source needs.
 *
 * @param archive absolute path of a tar archive; what GNU tar unpacks.
 * @param folder exists, and is empty.
 * @throws KheadersError `usage` if it is not the archive of a kernel's source; `tool-missing` without tar.
 */
export async function unpackSource(
  archive: string,
  arch: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal, hint: tarHint };
  const list = await runTool("tar", ["-tf", archive], { ...options, maxOutputBytes: maxListing });
  const top = topFolder(list.stdout);
  const strip = top === "" ? [] : ["--strip-components=1"];
  const patterns = tarPatterns(top, arch);
  const owner = ["--no-same-owner", "--no-same-permissions"];
  const { stderr } = await runTool("tar", ["-xf", archive, "-C", folder, ...owner, ...strip, ...patterns], {
    ...options,
    maxOutputBytes: maxMessages,
  });
  const problem = stderr.split("\n").find((line) => line !== "" && !isOfMissingMember(line));
  const what = printable(archive, 4096);
  if (problem !== undefined)
    throw new KheadersError("usage", `cannot unpack ${what}: ${printable(problem, 400)}`);
  if (existsSync(join(folder, "Makefile")) && existsSync(join(folder, "scripts"))) return;
  throw new KheadersError("usage", `${what} is not a kernel's source: it has no Makefile or no scripts/`);
}

/** Not every kernel has every folder. */
function isOfMissingMember(line: string): boolean {
  return /: Not found in archive$|: Exiting with failure status due to previous errors$/.test(line);
}

/** Folders of a kernel's source that may come first in an archive without a folder around it. */
const ownFolders = new Set(["Documentation", "LICENSES", "android", "arch", "block"]);

/** The folder around all members, by the first of them, with its slash: `linux-6.1.57/`. */
export function topFolder(listing: string): string {
  const [first = ""] = listing.split("\n");
  const slash = first.indexOf("/");
  const top = first.slice(0, slash);
  return slash === -1 || ownFolders.has(top) ? "" : `${top}/`;
}
