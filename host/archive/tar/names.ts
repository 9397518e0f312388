import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";

/** What tar writes beside a path, in bytes: `./` before it, and a slash after a folder's. */
export const pathExtraBytes = 3;

/** C0, DEL and C1: `\p{Cc}`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const control = /[\0-\x1f\x7f-\x9f]/;

/** A component that is empty, `.` or `..`. */
const oddComponent = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The path of a tar member as it is in the tree: components with `/` between them, or nothing for the archive's own root. A
 * leading `./` and, for a folder, a slash at the end are tar's way of writing and are dropped. Throws `archive-refused` for
 * a name that is not plainly a place inside the tree.
 */
export function memberPath(written: string, isFolder: boolean, limits: ArchiveLimits): string {
  checkText(written, nameOf, written);
  if (written.startsWith("/")) throw refused(`${quoted(written)} is an absolute name`);
  const relative = isFolder && written.endsWith("/") ? written.slice(0, -1) : written;
  if (isFolder && relative === ".") return "";
  const path = relative.startsWith("./") ? relative.slice(2) : relative;
  checkPathLength(path, nameOf, written, limits);
  // A path that is too short to have a component over the limit, or too many of them, is not split.
  const isShort = path.length * maxUtf8Bytes <= limits.nameBytes && path.length < 2 * limits.depth;
  if (!isShort || oddComponent.test(path)) checkComponents(path, written, limits);
  return path;
}

/** Bytes in UTF-8 of one UTF-16 code unit, at most. */
const maxUtf8Bytes = 3;

function checkComponents(path: string, written: string, limits: ArchiveLimits): void {
  const components = path.split("/");
  for (const component of components) {
    if (component === "..") throw refused(`${quoted(written)} leads out of the tree`);
    if (component === "" || component === ".") {
      throw refused(`${quoted(written)} has an empty or "." component`);
    }
    checkLength(component, limits);
  }
  if (components.length > limits.depth) {
    throw overLimit(`the depth of ${quoted(written)}`, limits.depth, "components");
  }
}

/** Splits the target of the symbolic link `path` into its components. Throws `archive-refused` if it is not a path. */
export function targetComponents(path: string, target: string, limits: ArchiveLimits): string[] {
  checkText(target, targetOf, path);
  checkPathLength(target, targetOf, path, limits);
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
  return `${targetOf(path)}, ${quoted(target)},`;
}

/** Says what a text is, for a message: called only if there is one. */
type Naming = (path: string) => string;

const nameOf: Naming = (path) => `the name ${quoted(path)}`;
const targetOf: Naming = (path) => `the target of the link ${quoted(path)}`;

function checkText(text: string, naming: Naming, path: string): void {
  if (text === "") throw refused(`${naming(path)} is empty`);
  if (control.test(text)) throw refused(`${naming(path)} has a control character`);
}

function checkPathLength(text: string, naming: Naming, path: string, { pathBytes }: ArchiveLimits): void {
  if (Buffer.byteLength(text) > pathBytes) {
    throw overLimit(`the length of ${naming(path)}`, pathBytes, "bytes");
  }
}

function checkLength(component: string, limits: ArchiveLimits): void {
  if (Buffer.byteLength(component) > limits.nameBytes) {
    throw overLimit(`the length of the name "${printable(component)}"`, limits.nameBytes, "bytes");
  }
}

function quoted(path: string): string {
  return `"${printable(path)}"`;
}
