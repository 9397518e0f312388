import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { archiveLimits } from "../../archive/limits.js";
import { overFileLimit } from "../../formats/errors.js";
import { runTool } from "../../process/tool.js";
import type { TreeParts } from "./kernel-tree.js";
import { stripComments } from "./strip-comments.js";

/** Generated after the kernel's own script has run; newer kernels leave it out by name (Linux kernel/gen_kheaders.sh). */
const leftOut = "include/generated/utsversion.h";
/** How many files are copied before the thread is left to others. */
const turn = 200;

/**
 * Packs the headers of a tree as the kernel's build does for `kheaders.tar.xz`: the `.h` files of `include/` and
 * `arch/…/include/`, of the source first and then of the build, with comments removed (Linux kernel/gen_kheaders.sh). The
 * same headers give the same bytes.
 *
 * @param scratch An empty folder for it.
 * @returns the archive's path. Throws `file-refused`, `tool-missing`, or the system's error.
 */
export async function packTree(parts: TreeParts, scratch: string, signal: AbortSignal): Promise<string> {
  const tree = path.join(scratch, "tree");
  mkdirSync(tree);
  await copyHeaders(parts, tree, signal);
  const tarFile = path.join(scratch, "kheaders.tar");
  const sameEverywhere = [
    "--format=gnu",
    "--sort=name",
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
  ];
  const args = ["--create", `--file=${tarFile}`, "--force-local", ...sameEverywhere, "--mode=u=rw,go=r,a+X"];
  await run("tar", "tar", [...args, `--directory=${tree}`, "."], signal);
  // One thread: the blocks of several depend on how many there are.
  await run("xz", "xz-utils", ["-3", "--threads=1", "--check=crc64", "--force", tarFile], signal);
  return `${tarFile}.xz`;
}

async function copyHeaders(parts: TreeParts, tree: string, signal: AbortSignal): Promise<void> {
  let count = 0;
  for (const folder of parts.folders) {
    for (const name of headersIn(folder, ["include", `arch/${parts.sourceName}/include`])) {
      if (name === leftOut) continue;
      count += 1;
      if (count > 2 * archiveLimits.members)
        throw overFileLimit("the tree", 2 * archiveLimits.members, "headers");
      copyHeader(folder, name, tree, parts.folders);
      if (count % turn !== 0) continue;
      await nextTurn();
      signal.throwIfAborted();
    }
  }
}

/** The paths of all headers in some folders of a tree. Links to folders are not followed, as by find(1). */
function* headersIn(root: string, folders: readonly string[]): Generator<string> {
  for (const folder of folders) {
    const here = path.join(root, folder);
    if (lstatSync(here, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    if (folder.split("/").length > archiveLimits.depth)
      throw overFileLimit("the tree", archiveLimits.depth, "folders");
    for (const entry of readdirSync(here, { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) yield* headersIn(root, [name]);
      else if (entry.name.endsWith(".h") && (entry.isFile() || entry.isSymbolicLink())) yield name;
    }
  }
}

/** Copies a header; a link that leads elsewhere in the tree stays a link, one that leads to a file of it becomes that. */
function copyHeader(folder: string, name: string, tree: string, roots: readonly string[]): void {
  const from = path.join(folder, name);
  const to = path.join(tree, name);
  mkdirSync(path.dirname(to), { recursive: true });
  if (!lstatSync(from).isSymbolicLink()) {
    copyFile(from, to);
    return;
  }
  const target = readlinkSync(from);
  const leadsTo = path.posix.normalize(path.posix.join(path.posix.dirname(name), target));
  if (!target.startsWith("/") && /^(?:include|arch\/[^/]+\/include)\//.test(leadsTo)) {
    rmSync(to, { force: true });
    symlinkSync(target, to);
    return;
  }
  const real = realpathOf(from);
  const isInside = roots.some((root) => real?.startsWith(`${realpathSync(root)}/`));
  if (real === undefined || !isInside) {
    throw new KheadersError("file-refused", `${printable(from, 400)} is a link out of the kernel's tree`, {
      hint: "Give the tree with its links resolved: cp -rL",
    });
  }
  copyFile(real, to);
}

function copyFile(from: string, to: string): void {
  const { size } = lstatSync(from);
  if (size > archiveLimits.fileBytes)
    throw overFileLimit(printable(from, 400), archiveLimits.fileBytes, "bytes");
  rmSync(to, { force: true });
  writeFileSync(to, stripComments(readFileSync(from)), { mode: 0o644 });
}

/** Where a link leads in the end; undefined if nothing is there. */
function realpathOf(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ELOOP" || errnoOf(error) === "ENOTDIR")
      return undefined;
    throw error;
  }
}

async function run(
  program: string,
  packageName: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { status, stderr } = await runTool(program, args, {
    signal,
    hint: `Install it; on Debian: apt install ${packageName}`,
  });
  if (status === 0) return;
  throw new KheadersError(
    "system-error",
    `${program} failed with status ${status}: ${printable(stderr.trim(), 400)}`,
  );
}
