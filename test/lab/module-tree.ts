import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { architectureFacts } from "./architecture.js";
import { run } from "./command.js";
import type { KernelHeaders } from "./packages.js";

/**
 * Packs what the original patch's archive holds, which later became mainline's with headers alone: all that builds modules,
 * of the source tree and of the object tree, as real files, and the headers without their comments.
 *
 * Debian's packages have these parts in three folders. Two of them are not as a kernel's own build makes them: `module.lds`
 * lies elsewhere, and `modpost` starts that of several which is right for a file.
 */
export async function packModuleTree(headers: KernelHeaders, archive: string): Promise<void> {
  const arch = `arch/${architectureFacts[headers.architecture].kernel}`;
  const tree = `${archive}.tmp`;
  await mkdir(tree);
  const copy = (from: string, ...paths: readonly string[]) =>
    run("cp", ["--recursive", "--dereference", "--parents", ...paths, tree], { cwd: from });
  const fromSource = ["Makefile", "include", `${arch}/Makefile`, `${arch}/include`];
  await copy(headers.common, ...fromSource, "scripts", "tools/objtool/objtool");
  await copy(headers.arch, "include", `${arch}/include`);
  await copyFile(join(headers.arch, arch, "module.lds"), join(tree, "scripts/module.lds"));
  await rename(join(tree, "scripts/mod/modpost.real-lsb-64"), join(tree, "scripts/mod/modpost"));
  for (const kind of ["lsb-32", "msb-32", "msb-64"]) await rm(join(tree, `scripts/mod/modpost.real-${kind}`));
  await run("sh", ["-c", removeComments], { cwd: tree });
  const anonymous = ["--owner=0", "--group=0", "--numeric-owner", "--sort=name", "--mtime=2020-01-01"];
  await run("tar", [...anonymous, "-cJf", archive, "-C", tree, "."]);
  await rm(tree, { recursive: true });
}

/** As the kernel's own script does, which keeps the comments that state a licence. */
const removeComments =
  "find . -name '*.h' -print0 | xargs -0 perl -0777 -pi -e 's{/\\*((?!SPDX).)*?\\*/}{}smg'";
