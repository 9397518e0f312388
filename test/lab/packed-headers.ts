import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { architectureFacts } from "./architecture.js";
import { cached, digestOf } from "./cached.js";
import { progress, run } from "./command.js";
import type { KernelHeaders } from "./packages.js";

/**
 * An archive of the headers in Debian's packages, comments and all: for tests that import headers and are not about how
 * kheaders packs those of packages, for which it works a quarter of a minute each time.
 */
export async function packedHeaders(headers: KernelHeaders): Promise<string> {
  const { release, common, arch, architecture } = headers;
  const key = digestOf(await readFile(import.meta.filename));
  const folder = await cached(`packed-headers-${release}-${key}`, async (into) => {
    progress(`packing the headers of ${release}`);
    const tree = join(into, "tree");
    await mkdir(tree);
    const folders = ["include", `arch/${architectureFacts[architecture].kernel}/include`];
    for (const from of [common, arch])
      await run("cp", ["--recursive", "--dereference", "--parents", ...folders, tree], { cwd: from });
    await run("tar", ["-I", "xz -1", "-cf", join(into, archiveName), "-C", tree, "."]);
    await rm(tree, { recursive: true });
  });
  return join(folder, archiveName);
}

const archiveName = "kheaders.tar.xz";
