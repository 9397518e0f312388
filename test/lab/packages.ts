import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, withDeviceApt, withMachineApt } from "./apt.js";
import { type Architecture, architectureFacts, hostArchitecture } from "./architecture.js";
import { cached } from "./cached.js";
import { progress, run } from "./command.js";

/** Raised when what is taken out of the packages changes. */
const recipe = 2;

/** The packages that a device's userland is made of. */
const userlandPackages = ["adbd", "toybox", "mksh", "busybox-static", "kmod", "bpftool"];

/** What `kheaders.ko` imports. A kernel with MODVERSIONS takes a module where these checksums agree. */
const importedSymbols = new Set([
  "module_layout",
  "kernel_kobj",
  "sysfs_create_bin_file",
  "sysfs_remove_bin_file",
  "__x86_return_thunk",
]);

/** A stock kernel with what its packages know of it. */
export interface KernelPackages {
  readonly architecture: Architecture;
  /** `uname -r`. */
  readonly release: string;
  /** The version of its packages. */
  readonly version: string;
  /** The unpacked packages, a folder like `/`. */
  readonly root: string;
  /** Headers for building modules. */
  readonly headers: KernelHeaders;
}

/** Headers as Debian packs them: a part for the architecture and flavour, a part for all. */
export interface KernelHeaders {
  readonly architecture: Architecture;
  readonly release: string;
  readonly arch: string;
  readonly common: string;
}

/** The unpacked packages of the userland, a folder like `/`. */
export async function userlandPackage(architecture: Architecture): Promise<string> {
  return cached(`userland-${architecture}-${recipe}`, async (folder) => {
    progress(`fetching adbd, toybox and mksh for ${architecture}`);
    await withDeviceApt(architecture, async (apt) =>
      unpackPackages(apt, await apt.closure(userlandPackages), folder),
    );
  });
}

/** The newest cloud kernel of this machine's release, and its headers. */
export function kernelPackages(architecture: Architecture): Promise<KernelPackages> {
  return packagesIn(`kernel-${architecture}-${recipe}`, architecture, withMachineApt);
}

/** That of the suite that has `adbd`: a newer one, unless it is this machine's own release. */
export function newerKernelPackages(architecture: Architecture): Promise<KernelPackages> {
  return packagesIn(`newer-kernel-${architecture}-${recipe}`, architecture, withDeviceApt);
}

async function packagesIn(
  name: string,
  architecture: Architecture,
  withApt: typeof withMachineApt,
): Promise<KernelPackages> {
  const folder = await cached(name, (into) =>
    withApt(architecture, (apt) => fetchKernel(apt, architecture, into)),
  );
  const root = join(folder, "root");
  const release = await readFile(join(folder, "release"), "utf8");
  const version = await readFile(join(folder, "version"), "utf8");
  return { architecture, release, version, root, headers: headersIn(root, architecture, release) };
}

async function fetchKernel(apt: Apt, architecture: Architecture, folder: string): Promise<void> {
  const flavour = flavourOf(architecture);
  const image = (await apt.depends(`linux-image${flavour}`)).find((name) => name.startsWith("linux-image-"));
  if (image === undefined)
    throw new Error(
      `linux-image${flavour} names no kernel; the lab needs the apt sources of a Debian release`,
    );
  const release = image.slice("linux-image-".length);
  const version = await apt.version(image);
  progress(`fetching the kernel ${release} and its headers`);
  const packages = [`${image}=${version}`, ...(await headerPackages(apt, release))];
  await unpackPackages(apt, packages, join(folder, "root"));
  await writeFile(join(folder, "release"), release);
  await writeFile(join(folder, "version"), version);
}

/** The flavour of Debian's kernel that a device runs: it has few modules and the virtio drivers. */
function flavourOf(architecture: Architecture): string {
  return `-cloud-${architectureFacts[architecture].debian}`;
}

/** The packages of a kernel's headers, without the compiler: the machine's own does. The build tools run on the host. */
async function headerPackages(apt: Apt, release: string): Promise<string[]> {
  const arch = `linux-headers-${release}`;
  const needed = await apt.depends(arch);
  return [
    arch,
    ...needed.filter((name) => name.startsWith("linux-headers-")),
    ...needed.filter((name) => name.startsWith("linux-kbuild-")).map((name) => `${name}:${hostArchitecture}`),
  ];
}

/** Headers of the newest other kernel of the series whose modules this one takes; undefined where there is none. */
export async function otherHeaders(kernel: KernelPackages): Promise<KernelHeaders | undefined> {
  const { architecture } = kernel;
  const folder = await cached(`other-headers-${kernel.release}-${recipe}`, (into) =>
    withMachineApt(architecture, (apt) => fetchOtherHeaders(apt, kernel, into)),
  );
  const release = await readFile(join(folder, "release"), "utf8");
  return release === "" ? undefined : headersIn(join(folder, "root"), architecture, release);
}

async function fetchOtherHeaders(apt: Apt, kernel: KernelPackages, folder: string): Promise<void> {
  const { architecture, release } = kernel;
  progress(`fetching the headers of a kernel whose modules ${release} takes`);
  const root = join(folder, "root");
  const releases = (await apt.names(`linux-headers-${seriesOf(release)}.`))
    .filter((name) => name.endsWith(flavourOf(architecture)))
    .map((name) => name.slice("linux-headers-".length))
    .filter((other) => other !== release)
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const wanted = await checksums(kernel.headers);
  let found = "";
  for (const other of releases) {
    await unpackPackages(apt, [`linux-headers-${other}`], root);
    const headers = headersIn(root, architecture, other);
    if ((await checksums(headers)) === wanted) {
      await unpackPackages(apt, await headerPackages(apt, other), root);
      found = other;
      break;
    }
    await rm(headers.arch, { recursive: true });
  }
  await writeFile(join(folder, "release"), found);
}

/** The checksums of the symbols that `kheaders.ko` imports, as text to compare. */
async function checksums(headers: KernelHeaders): Promise<string> {
  const symvers = await readFile(join(headers.arch, "Module.symvers"), "utf8");
  const fields = symvers.split("\n").map((line) => line.split("\t"));
  return fields
    .filter(([, symbol]) => symbol !== undefined && importedSymbols.has(symbol))
    .map(([checksum, symbol]) => `${symbol} ${checksum}`)
    .sort()
    .join("\n");
}

/** The kernel's whole source, as its package has it: a tar archive of 140 MB. */
export async function sourceArchive(kernel: KernelPackages): Promise<string> {
  const { architecture, release, version } = kernel;
  const name = `linux-source-${seriesOf(release)}`;
  const folder = await cached(`${name}-archive-${version}-${recipe}`, async (into) => {
    progress("fetching the kernel's source (140 MB, once)");
    await withMachineApt(architecture, (apt) => unpackPackages(apt, [`${name}=${version}`], into));
  });
  return join(folder, `usr/src/${name}.tar.xz`);
}

/** The folder with `kheaders.c` and `gen_kheaders.sh` as they are in this kernel's source. */
export async function kernelSource(kernel: KernelPackages): Promise<string> {
  const { release, version } = kernel;
  const name = `linux-source-${seriesOf(release)}`;
  return cached(`${name}-${version}-${recipe}`, async (folder) => {
    const members = ["kheaders.c", "gen_kheaders.sh"].map((file) => `${name}/kernel/${file}`);
    await run("tar", [
      ...["-xJf", await sourceArchive(kernel)],
      ...["-C", folder, "--strip-components=2", ...members],
    ]);
  });
}

/** The path of `scripts/diffconfig`, the kernel's own program that compares configurations, of the kernel's source. */
export async function diffconfigProgram(kernel: KernelPackages): Promise<string> {
  const { architecture, release, version } = kernel;
  const name = `linux-source-${seriesOf(release)}`;
  const folder = await cached(`diffconfig-${version}-1`, async (into) => {
    progress("fetching the kernel's source for scripts/diffconfig (140 MB, once)");
    const debs = join(into, "debs");
    const [deb = ""] = await withMachineApt(architecture, (apt) =>
      apt.download([`${name}=${version}`], debs),
    );
    const unpackProgram =
      'dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" | ' +
      'tar -xJ -C "$3" --strip-components=2 "$2/scripts/diffconfig"';
    await run("bash", ["-o", "pipefail", "-c", unpackProgram, "lab", deb, name, into]);
    await rm(debs, { recursive: true });
  });
  return join(folder, "diffconfig");
}

/** Downloads packages and unpacks them into a folder. */
export async function unpackPackages(apt: Apt, names: readonly string[], folder: string): Promise<void> {
  const debs = join(folder, "debs");
  for (const deb of await apt.download(names, debs)) await run("dpkg-deb", ["-x", deb, folder]);
  await rm(debs, { recursive: true });
}

function headersIn(root: string, architecture: Architecture, release: string): KernelHeaders {
  const sources = join(root, "usr/src");
  const common = `linux-headers-${release.slice(0, -flavourOf(architecture).length)}-common`;
  return {
    architecture,
    release,
    arch: join(sources, `linux-headers-${release}`),
    common: join(sources, common),
  };
}

/** `6.1` of `6.1.0-56-cloud-amd64`. */
function seriesOf(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}
