import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

/** SHA-256, hex. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What a tree consists of: each path with its type, and a file's executable bit and content or a link's target. */
export function listTree(root: string): Record<string, string> {
  const listed = new Map<string, string>();
  const list = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const file = join(root, path);
      if (entry.isSymbolicLink()) listed.set(path, `link to ${readlinkSync(file)}`);
      else if (entry.isFile()) listed.set(path, `${executability(file)} file ${sha256(readFileSync(file))}`);
      else if (entry.isDirectory()) {
        listed.set(path, "folder");
        list(path);
      } else listed.set(path, "something else");
    }
  };
  list("");
  return Object.fromEntries([...listed].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function executability(file: string): string {
  return (statSync(file).mode & 0o100) === 0 ? "plain" : "executable";
}
