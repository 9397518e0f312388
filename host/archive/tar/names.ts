import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";

/** What tar writes beside a path, in bytes: `./` before it, and a slash after a folder's. */
export const pathExtraBytes = 3;

/** C0, DEL and C1. */
const control = /\p{Cc}/u;

/**
 * Splits the path of a tar member into its components; there are none for the archive's own root. A leading `./` and, for
 * a folder, a slash at the end are tar's way of writing and are dropped. Throws `archive-refused` for a name that is not
 * plainly a place inside the tree.
 */
export function pathComponents(path: string, isFolder: boolean, limits: ArchiveLimits): string[] {
  const name = `"${printable(path)}"`;
  checkText(path, `the name ${name}`);
  if (path.startsWith("/")) throw refused(`${name} is an absolute name`);
  const relative = isFolder ? path.replace(/\/$/, "") : path;
  if (isFolder && relative === ".") return [];
  const plain = relative.replace(/^\.\//, "");
  checkPathLength(plain, `the name ${name}`, limits);
  const components = plain.split("/");
  for (const component of components) {
    if (component === "..") throw refused(`${name} leads out of the tree`);
    if (component === "" || component === ".") throw refused(`${name} has an empty or "." component`);
    checkLength(component, limits);
  }
  if (components.length > limits.depth) throw overLimit(`the depth of ${name}`, limits.depth, "components");
  return components;
}

/** Splits the target of the symbolic link `path` into its components. Throws `archive-refused` if it is not a path. */
export function targetComponents(path: string, target: string, limits: ArchiveLimits): string[] {
  const what = `the target of the link "${printable(path)}"`;
  checkText(target, what);
  checkPathLength(target, what, limits);
  const components = target.split("/").filter((component) => component !== "" && component !== ".");
  for (const component of components) checkLength(component, limits);
  return components;
}

/**
 * Whether a link that leaves the tree stands for a file: it leads to one of the same name, or from a header to a header.
 * That is what build sandboxes make of source files, and vendors of headers that they keep beside the kernel's tree.
 */
export function standsForFile(path: string, target: string): boolean {
  const [name = "", other = ""] = [path, target].map((each) => each.split("/").at(-1));
  return name === other || (name.endsWith(".h") && other.endsWith(".h"));
}

/** The refusal of a link whose target, for the reason given, is not in the tree. */
export function leavingLink(path: string, target: string, reason: string): Error {
  return refused(`${leads(path, target)} ${reason}`);
}

/** The refusal of an archive in which too many links stand for files elsewhere, of which this is the first. */
export function linkedTree(path: string, target: string, reason: string): Error {
  return refused(
    `${leads(path, target)} ${reason}: the archive was built from a linked source tree, and holds links to that instead of headers`,
    "Build the kernel from a source tree of real files (build sandboxes may make links of them).",
  );
}

function leads(path: string, target: string): string {
  return `the target of the link "${printable(path)}", "${printable(target)}",`;
}

function checkText(text: string, what: string): void {
  if (text === "") throw refused(`${what} is empty`);
  if (control.test(text)) throw refused(`${what} has a control character`);
}

function checkPathLength(path: string, what: string, { pathBytes }: ArchiveLimits): void {
  if (Buffer.byteLength(path) > pathBytes) throw overLimit(`the length of ${what}`, pathBytes, "bytes");
}

function checkLength(component: string, limits: ArchiveLimits): void {
  if (Buffer.byteLength(component) > limits.nameBytes) {
    throw overLimit(`the length of the name "${printable(component)}"`, limits.nameBytes, "bytes");
  }
}
