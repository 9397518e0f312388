import { copyFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { architectureFacts } from "./architecture.js";
import { cached } from "./cached.js";
import { progress, run } from "./command.js";
import { kernelPackages, sourceArchive } from "./packages.js";

/** A kernel's source, and the folder that it was configured and prepared in. */
export interface BuildTree {
  readonly source: string;
  /** Made by `make O=`. Its Makefile names the source by a relative path. */
  readonly build: string;
  /** What the kernel's own `gen_kheaders.sh` packs of the two. */
  readonly archive: string;
}

/** Raised when what is built changes. */
const recipe = 2;

/** Sources of which no header is packed. */
const leftOut = ["drivers/*.[ch]", "sound/*.[ch]", "fs/*.[ch]", "net/*.[ch]", "Documentation/*.rst"];

/** The kernel of the virtual devices as somebody who builds it has it: its source, and a build folder with its configuration. */
export async function buildTree(): Promise<BuildTree> {
  const kernel = await kernelPackages("x86_64");
  const folder = await cached(`build-tree-${kernel.version}-${recipe}`, async (into) => {
    const source = join(into, "source");
    const build = join(source, "build");
    await mkdir(build, { recursive: true });
    const packed = await sourceArchive(kernel);
    const top = basename(packed, ".tar.xz");
    await run("tar", [
      ...["-xJf", packed, "-C", source, "--strip-components=1", "--anchored"],
      ...leftOut.map((pattern) => `--exclude=${top}/${pattern}`),
    ]);
    await copyFile(join(kernel.headers.arch, ".config"), join(build, ".config"));
    progress(`preparing a build tree of ${kernel.release} (two minutes)`);
    await run("make", ["-C", source, "O=build", "-j2", "olddefconfig"]);
    await run("make", ["-C", source, "O=build", "-j2", "modules_prepare"]);
    await run("sh", ["../kernel/gen_kheaders.sh", "kernel/kheaders_data.tar.xz"], {
      cwd: build,
      env: {
        ...process.env,
        srctree: "..",
        building_out_of_srctree: "1",
        SRCARCH: architectureFacts.x86_64.kernel,
        XZ: "xz",
        KBUILD_BUILD_TIMESTAMP: "2020-01-01",
      },
    });
  });
  const build = join(folder, "source/build");
  return { source: join(folder, "source"), build, archive: join(build, "kernel/kheaders_data.tar.xz") };
}
