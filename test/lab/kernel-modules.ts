import { appendFile, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cached, digestOf } from "./cached.js";
import { progress, run } from "./command.js";
import { type KernelHeaders, kernelPackages } from "./packages.js";
import { deviceSources } from "./paths.js";

/** The modules that the lab builds for its kernel, and what went into them. */
export interface LabModules {
  /** `kheaders.ko` of the kernel itself. */
  readonly kheaders: string;
  /** The archive in it. */
  readonly archive: string;
  /** The same source under another name: an archive with no module `kheaders` to see. */
  readonly builtIn: string;
  /** `kheaders.ko` of another kernel, which this one takes without a word. */
  readonly stale: string;
  readonly staleArchive: string;
  /** The release that the stale archive is of. */
  readonly staleRelease: string;
  /** A module that shows the kernel's configuration as /proc/config.gz. */
  readonly config: string;
}

/** Raised when what is built changes. */
const recipe = 3;

/** What the stale headers call themselves where the apt sources have no other kernel. */
const inventedRelease = "6.1.0-0-cloud-amd64";

/** The lab's modules, built out of tree against the headers of the stock kernel. */
export async function labModules(): Promise<LabModules> {
  const kernel = await kernelPackages();
  const configSource = await readFile(join(deviceSources, "kconfig_gz.c"));
  const inputs = [String(recipe), kernel.release, kernel.otherHeaders?.release ?? "", configSource];
  const folder = await cached(`modules-${digestOf(...inputs)}`, async (into) => {
    progress(`building kheaders.ko for ${kernel.release}, and one for another kernel (half a minute)`);
    const own = await prepareHeaders(kernel.headers, join(into, "work/own"));
    const other = kernel.otherHeaders
      ? await prepareHeaders(kernel.otherHeaders, join(into, "work/other"))
      : await renameKernel(await prepareHeaders(kernel.headers, join(into, "work/other")));
    // The image is configured with signing keys and a salt that Debian's headers, and so the archive, do not have.
    const config = await readFile(join(own.arch, ".config"));
    await Promise.all([
      buildKheaders(own, kernel.source, join(into, "own")),
      buildKheaders(other, kernel.source, join(into, "other")),
    ]);
    await buildConfig(own, gzipSync(config), configSource, join(into, "config"));
    await writeFile(join(into, "stale-release"), other.release);
    await rm(join(into, "work"), { recursive: true });
  });
  return {
    kheaders: join(folder, "own/kheaders.ko"),
    archive: join(folder, "own/kernel/kheaders_data.tar.xz"),
    builtIn: join(folder, "own/ikheaders_builtin.ko"),
    stale: join(folder, "other/kheaders.ko"),
    staleArchive: join(folder, "other/kernel/kheaders_data.tar.xz"),
    staleRelease: await readFile(join(folder, "stale-release"), "utf8"),
    config: join(folder, "config/kconfig_gz.ko"),
  };
}

/**
 * A copy of the headers of one architecture whose Makefile finds the common ones where they are now. It is configured as a
 * kernel that has kheaders as a module is; Debian's are not.
 */
async function prepareHeaders(headers: KernelHeaders, folder: string): Promise<KernelHeaders> {
  await cp(headers.arch, folder, { recursive: true });
  await appendFile(join(folder, ".config"), "CONFIG_IKHEADERS=m\n");
  await appendFile(join(folder, "include/generated/autoconf.h"), "#define CONFIG_IKHEADERS_MODULE 1\n");
  await writeFile(join(folder, "Makefile"), `include ${headers.common}/Makefile\n`);
  return { ...headers, arch: folder };
}

async function renameKernel(headers: KernelHeaders): Promise<KernelHeaders> {
  const text = `#define UTS_RELEASE "${inventedRelease}"\n`;
  await writeFile(join(headers.arch, "include/generated/utsrelease.h"), text);
  return { ...headers, release: inventedRelease };
}

/**
 * Makes the archive with the kernel's own script, and from it `kheaders.ko` and `ikheaders_builtin.ko`, both of the
 * unmodified `kernel/kheaders.c`, in `folder`.
 */
async function buildKheaders(headers: KernelHeaders, source: string, folder: string): Promise<void> {
  const archive = "kernel/kheaders_data.tar.xz";
  await mkdir(join(headers.arch, "kernel"));
  await mkdir(join(folder, "kernel"), { recursive: true });
  await run("sh", [join(source, "gen_kheaders.sh"), archive], {
    cwd: headers.arch,
    env: {
      ...process.env,
      srctree: headers.common,
      building_out_of_srctree: "1",
      SRCARCH: "x86",
      XZ: "xz",
      KBUILD_BUILD_TIMESTAMP: "2020-01-01",
    },
  });
  await rename(join(headers.arch, archive), join(folder, archive));
  for (const name of ["kheaders.c", "ikheaders_builtin.c"])
    await copyFile(join(source, "kheaders.c"), join(folder, name));
  await buildModules(headers, ["kheaders", "ikheaders_builtin"], folder);
}

async function buildConfig(
  headers: KernelHeaders,
  config: Uint8Array,
  source: Uint8Array,
  folder: string,
): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "config_data.gz"), config);
  await writeFile(join(folder, "kconfig_gz.c"), source);
  await buildModules(headers, ["kconfig_gz"], folder);
}

/** Builds the modules of `folder`; `.incbin` finds what lies beside the source. */
async function buildModules(headers: KernelHeaders, names: readonly string[], folder: string): Promise<void> {
  const objects = names.map((name) => `${name}.o`).join(" ");
  await writeFile(join(folder, "Kbuild"), `obj-m := ${objects}\nccflags-y += -Wa,-I$(src)\n`);
  await run("make", ["-C", headers.arch, `M=${folder}`, "CC=gcc", "modules"]);
}
