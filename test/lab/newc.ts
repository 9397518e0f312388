interface Owned {
  /** Permission bits. */
  readonly mode: number;
  /** The ids of user and group; root's where not given. */
  readonly owner?: number;
  readonly group?: number;
}

/** A file of a device. Its path is relative, without `./`. */
export type DeviceEntry =
  | ({ readonly type: "folder"; readonly path: string } & Owned)
  | ({ readonly type: "file"; readonly path: string; readonly content: Uint8Array } & Owned)
  | { readonly type: "link"; readonly path: string; readonly target: string };

const typeBits = { folder: 0o040000, file: 0o100000, link: 0o120000 } as const;

/**
 * Writes a cpio archive of the format `newc`, as the kernel unpacks it into its first file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders must come before what is in them. Several
 * archives may follow each other; a later file takes the place of an earlier one.
 */
export function newc(entries: readonly DeviceEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(entry, typeBits[entry.type], index + 1));
  const trailer: DeviceEntry = { type: "file", path: "TRAILER!!!", mode: 0, content: empty };
  return Buffer.concat([...parts, ...record(trailer, 0, 0)]);
}

const empty = new Uint8Array();

function record(entry: DeviceEntry, kind: number, inode: number): Uint8Array[] {
  const path = Buffer.from(`${entry.path}\0`);
  const content = contentOf(entry);
  const { mode, owner = 0, group = 0 } = entry.type === "link" ? { mode: 0o777 } : entry;
  const links = 1;
  const time = 0;
  const device = [0, 0, 0, 0];
  const fields = [inode, kind | mode, owner, group, links, time, content.length, ...device, path.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [header, path, padding(header.length + path.length), content, padding(content.length)];
}

function contentOf(entry: DeviceEntry): Uint8Array {
  if (entry.type === "link") return Buffer.from(entry.target);
  return entry.type === "file" ? entry.content : empty;
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}
