import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Architecture, architectureFacts } from "./architecture.js";
import { cached, digestOf } from "./cached.js";
import { progress, run } from "./command.js";
import { buildModules, prepareHeaders } from "./module-build.js";
import { packModuleTree } from "./module-tree.js";
import { type KernelHeaders, kernelPackages, kernelSource, otherHeaders } from "./packages.js";
import { deviceSources } from "./paths.js";

/** The modules that the lab builds for its kernel, and what went into them. */
export interface LabModules {
  /** `kheaders.ko` of the kernel itself. */
  readonly kheaders: string;
  /** The archive in it. */
  readonly archive: string;
  /** The same source under another name: an archive with no module `kheaders` to see. */
  readonly builtIn: string;
  /** A module that shows the kernel's configuration as /proc/config.gz. */
  readonly config: string;
  /** What that shows. */
  readonly configGz: string;
}

/** A `kheaders.ko` of another kernel, which this one takes without a word. */
export interface StaleModule {
  readonly kheaders: string;
  /** The release that its archive is of. */
  readonly release: string;
}

/** A `kheaders.ko` that shows /proc/kheaders.tar.xz, as the original patch's does. */
export interface ProcModule {
  readonly kheaders: string;
  /** The archive in it, which builds modules. */
  readonly archive: string;
}

/** A `kheaders.ko` of the kernel's own source, whose archive a workstation has unpacked in no time. */
export interface LightModule {
  readonly kheaders: string;
  /** The archive in it: what proves the kernel's release, and bytes that make a transfer last a while. */
  readonly archive: string;
}

/** More than is under way, in anybody's buffers, over a link that a test makes slow. */
const lightBytes = 2 * 1024 * 1024;

/** Raised when what is built changes. */
const recipe = 4;

/** What the stale headers call themselves where the apt sources have no other kernel. */
const inventedRelease = "6.1.0-0-invented";

/** The lab's modules, built out of tree against the headers of the stock kernel. */
export async function labModules(architecture: Architecture = "x86_64"): Promise<LabModules> {
  const kernel = await kernelPackages(architecture);
  const configSource = await readFile(join(deviceSources, "kconfig_gz.c"));
  const key = digestOf(String(recipe), kernel.version, configSource);
  const folder = await cached(`modules-${kernel.release}-${key}`, async (into) => {
    const source = await kernelSource(kernel);
    progress(`building kheaders.ko for ${kernel.release} (half a minute)`);
    const headers = await prepareHeaders(kernel.headers, join(into, "headers"));
    // The image is configured with signing keys and a salt that Debian's headers, and so the archive, do not have.
    const config = await readFile(join(headers.arch, ".config"));
    await buildKheaders(headers, source, into);
    await buildConfig(headers, gzipSync(config), configSource, join(into, "config"));
    await rm(headers.arch, { recursive: true });
  });
  return {
    kheaders: join(folder, "kheaders.ko"),
    archive: join(folder, archivePath),
    builtIn: join(folder, "ikheaders_builtin.ko"),
    config: join(folder, "config/kconfig_gz.ko"),
    configGz: join(folder, "config/config_data.gz"),
  };
}

/** The module of another kernel, as it lies in a partition that was left behind when the kernel was changed. */
export async function staleModule(architecture: Architecture = "x86_64"): Promise<StaleModule> {
  const kernel = await kernelPackages(architecture);
  const folder = await cached(
    `stale-module-${kernel.release}-${digestOf(String(recipe), kernel.version)}`,
    async (into) => {
      const [source, other] = await Promise.all([kernelSource(kernel), otherHeaders(kernel)]);
      progress(`building kheaders.ko for a kernel that is not ${kernel.release} (half a minute)`);
      const headers = other
        ? await prepareHeaders(other, join(into, "headers"))
        : await renameKernel(await prepareHeaders(kernel.headers, join(into, "headers")));
      await buildKheaders(headers, source, into);
      await writeFile(join(into, "release"), headers.release);
      await rm(headers.arch, { recursive: true });
    },
  );
  return {
    kheaders: join(folder, "kheaders.ko"),
    release: await readFile(join(folder, "release"), "utf8"),
  };
}

/** The module for tests of what can go wrong, which pull many times. */
export async function lightModule(architecture: Architecture = "x86_64"): Promise<LightModule> {
  const kernel = await kernelPackages(architecture);
  const key = digestOf(String(recipe), kernel.version, String(lightBytes));
  const folder = await cached(`light-module-${kernel.release}-${key}`, async (into) => {
    const source = await kernelSource(kernel);
    progress(`building a kheaders.ko with few headers for ${kernel.release}`);
    const headers = await prepareHeaders(kernel.headers, join(into, "headers"));
    const generated = join(headers.arch, "include/generated");
    await writeFile(join(generated, "filling"), randomBytes(lightBytes));
    await mkdir(join(into, "kernel"));
    const proofs = ["utsrelease.h", "autoconf.h", "filling"].map((name) => `include/generated/${name}`);
    await run("tar", ["-cJf", join(into, archivePath), "-C", headers.arch, ...proofs]);
    await copyFile(join(source, "kheaders.c"), join(into, "kheaders.c"));
    await buildModules(headers, ["kheaders"], into);
    await rm(headers.arch, { recursive: true });
  });
  return { kheaders: join(folder, "kheaders.ko"), archive: join(folder, archivePath) };
}

/** The module with an archive that builds modules. */
export async function procModule(architecture: Architecture = "x86_64"): Promise<ProcModule> {
  const kernel = await kernelPackages(architecture);
  const source = await readFile(join(deviceSources, "kheaders_proc.c"));
  const packing = await readFile(join(import.meta.dirname, "module-tree.ts"));
  const key = digestOf(String(recipe), kernel.version, source, packing);
  const folder = await cached(`proc-module-${kernel.release}-${key}`, async (into) => {
    progress(`building a kheaders.ko with all that builds modules for ${kernel.release} (half a minute)`);
    const headers = await prepareHeaders(kernel.headers, join(into, "headers"));
    await mkdir(join(into, "kernel"));
    await packModuleTree(headers, join(into, archivePath));
    await writeFile(join(into, "kheaders.c"), source);
    await buildModules(headers, ["kheaders"], into);
    await rm(headers.arch, { recursive: true });
  });
  return { kheaders: join(folder, "kheaders.ko"), archive: join(folder, archivePath) };
}

async function renameKernel(headers: KernelHeaders): Promise<KernelHeaders> {
  const text = `#define UTS_RELEASE "${inventedRelease}"\n`;
  await writeFile(join(headers.arch, "include/generated/utsrelease.h"), text);
  return { ...headers, release: inventedRelease };
}

/** Where the modules' sources want the archive. */
const archivePath = "kernel/kheaders_data.tar.xz";

/**
 * Makes the archive with the kernel's own script, and from it `kheaders.ko` and `ikheaders_builtin.ko`, both of the
 * unmodified `kernel/kheaders.c`, in `folder`.
 */
async function buildKheaders(headers: KernelHeaders, source: string, folder: string): Promise<void> {
  await mkdir(join(headers.arch, "kernel"));
  await mkdir(join(folder, "kernel"));
  await run("sh", [join(source, "gen_kheaders.sh"), archivePath], {
    cwd: headers.arch,
    env: {
      ...process.env,
      srctree: headers.common,
      building_out_of_srctree: "1",
      SRCARCH: architectureFacts[headers.architecture].kernel,
      XZ: "xz",
      KBUILD_BUILD_TIMESTAMP: "2020-01-01",
    },
  });
  await rename(join(headers.arch, archivePath), join(folder, archivePath));
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
