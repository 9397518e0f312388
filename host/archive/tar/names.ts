import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";

/** C0, DEL and C1. */
const control = /\p{Cc}/u;

/**
 * Takes the path of a tar member apart into its components; none is the archive's own root. A leading `./` and, for a
 * folder, a slash at the end are tar's way of writing and are dropped. Throws `archive-refused` for a name that is not
 * plainly a place inside the tree.
 */
export function pathComponents(path: string, isFolder: boolean, limits: ArchiveLimits): string[] {
  const name = `"${printable(path)}"`;
  checkText(path, `the name ${name}`, limits);
  if (path.startsWith("/")) throw refused(`${name} is an absolute name`);
  const relative = isFolder ? path.replace(/\/$/, "") : path;
  if (isFolder && relative === ".") return [];
  const components = relative.replace(/^\.\//, "").split("/");
  for (const component of components) {
    if (component === "..") throw refused(`${name} leads out of the tree`);
    if (component === "" || component === ".") throw refused(`${name} has an empty or "." component`);
    checkLength(component, limits);
  }
  if (components.length > limits.depth) throw overLimit(`the depth of ${name}`, limits.depth, "components");
  return components;
}

/**
 * Takes the target of the symbolic link `path` apart. Throws `archive-refused` for one that is not a relative path.
 */
export function targetComponents(path: string, target: string, limits: ArchiveLimits): string[] {
  checkText(target, `the target of the link "${printable(path)}"`, limits);
  if (target.startsWith("/")) throw leavingLink(path, target, "is absolute");
  const components = target.split("/").filter((component) => component !== "" && component !== ".");
  for (const component of components) checkLength(component, limits);
  return components;
}

/**
 * The refusal of a link whose target, for the reason given, is not in the tree. One that leads to a file of its own name
 * elsewhere is what a build sandbox makes of a source file.
 */
export function leavingLink(path: string, target: string, reason: string): Error {
  const link = `the target of the link "${printable(path)}", "${printable(target)}",`;
  if (target.split("/").at(-1) !== path.split("/").at(-1)) return refused(`${link} ${reason}`);
  return refused(
    `${link} ${reason}: the archive was built from a linked source tree, and holds links to that instead of headers`,
    "Build the kernel from a source tree of real files (build sandboxes may make links of them).",
  );
}

function checkText(text: string, what: string, limits: ArchiveLimits): void {
  if (text === "") throw refused(`${what} is empty`);
  if (control.test(text)) throw refused(`${what} has a control character`);
  if (Buffer.byteLength(text) > limits.pathBytes) {
    throw overLimit(`the length of ${what}`, limits.pathBytes, "bytes");
  }
}

function checkLength(component: string, limits: ArchiveLimits): void {
  if (Buffer.byteLength(component) > limits.nameBytes) {
    throw overLimit(`the length of the name "${printable(component)}"`, limits.nameBytes, "bytes");
  }
}
