import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cached, digestOf } from "../lab/cached.js";
import { run } from "../lab/command.js";
import { labModules } from "../lab/kernel-modules.js";
import { kernelPackages } from "../lab/packages.js";

/** A kernel that a simulated device can tell of, with the archive that belongs to it. */
export interface BenchKernel {
  readonly release: string;
  /** As `/proc/config.gz` gives it, unpacked. */
  readonly config: string;
  /** Path of the compressed archive. */
  readonly archive: string;
}

/** Raised when what differs between kernels changes. */
const recipe = 1;

/** The lab's own kernel, with the archive as the kernel's script made it. */
export async function stockKernel(): Promise<BenchKernel> {
  const { release } = await kernelPackages("x86_64");
  const { archive, configGz } = await labModules();
  return { release, config: gunzipSync(await readFile(configGz)).toString(), archive };
}

/**
 * Another build of the stock kernel, with the same release: what every build changes (who compiled it, and when), and a
 * few headers that somebody has worked on.
 */
export async function rebuiltKernel(): Promise<BenchKernel> {
  const stock = await stockKernel();
  const archive = await repacked(stock, "rebuilt", async (tree) => {
    const generated = (name: string) => join(tree, "include/generated", name);
    await writeFile(generated("compile.h"), `#define LINUX_COMPILE_BY "bench"\n`);
    await writeFile(generated("utsversion.h"), `#define UTS_VERSION "#2 SMP PREEMPT_DYNAMIC"\n`);
    for (const header of ["sched.h", "mm_types.h", "fs.h", "skbuff.h", "bpf.h"])
      await writeFile(join(tree, "include/linux", header), "/* worked on */\n", { flag: "a" });
  });
  return { ...stock, archive };
}

/** A kernel of the stock one's series with a release of its own. */
export async function numberedKernel(number: number): Promise<BenchKernel> {
  const stock = await stockKernel();
  const release = `${stock.release}-${number}`;
  const archive = await repacked(stock, release, (tree) =>
    writeFile(join(tree, "include/generated/utsrelease.h"), `#define UTS_RELEASE "${release}"\n`),
  );
  return { ...stock, release, archive };
}

/** The stock archive with changes, packed as the kernel's script does; made once, and kept in the lab's cache. */
async function repacked(
  stock: BenchKernel,
  name: string,
  change: (tree: string) => Promise<void>,
): Promise<string> {
  const key = digestOf(String(recipe), name, await readFile(stock.archive));
  const folder = await cached(`bench-archive-${key}`, async (into) => {
    process.stderr.write(`bench: packing the archive of the kernel ${name}\n`);
    const tree = join(into, "tree");
    const script = 'mkdir "$2" && tar -xJf "$1" -C "$2" && chmod -R u+w "$2"';
    await run("sh", ["-c", script, "bench", stock.archive, tree]);
    await change(tree);
    const order = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=2020-01-01"];
    await run("tar", [...order, "-cJf", join(into, "kheaders.tar.xz"), "-C", tree, "."]);
    await run("rm", ["-rf", tree]);
  });
  return join(folder, "kheaders.tar.xz");
}
