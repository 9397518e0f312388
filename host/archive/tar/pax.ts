import { printable } from "../../../shared/printable.js";
import { refused } from "../errors.js";

/**
 * Keys that say nothing about a member's place, type, size or content. The last three are what GNU tar writes with `--acls`
 * and `--selinux`: they belong to the build machine, and are dropped.
 */
const acceptedKeys: ReadonlySet<string> = new Set([
  "atime",
  "comment",
  "ctime",
  "gid",
  "gname",
  "mtime",
  "uid",
  "uname",
  "SCHILY.acl.access",
  "SCHILY.acl.default",
  "RHT.security.selinux",
]);

/**
 * Checks the content of a pax extended header: well-formed records `LENGTH KEY=VALUE\n`, keys without influence on what
 * is unpacked. Source: POSIX.1-2017, `pax`, "pax Extended Header". Throws `archive-refused`, naming the member `path`.
 */
export function checkPax(content: Uint8Array, path: string): void {
  const name = `"${printable(path)}"`;
  for (let rest = Buffer.from(content); rest.length > 0; ) {
    const length = Number(
      /^[1-9][0-9]{0,6} /.exec(rest.subarray(0, 8).toString("latin1"))?.[0] ?? Number.NaN,
    );
    const record = rest.subarray(0, length);
    const text = record.toString("latin1");
    const key = /^\d+ ([^=]+)=.*\n$/s.exec(text)?.[1];
    if (record.length !== length || key === undefined) throw refused(`${name} is a malformed pax header`);
    if (key.startsWith("GNU.sparse.")) throw refused(`${name} is the pax header of a sparse file`);
    if (!acceptedKeys.has(key)) throw refused(`${name} is a pax header that sets "${printable(key)}"`);
    rest = rest.subarray(length);
  }
}
