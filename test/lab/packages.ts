import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Apt, withDeviceApt, withMachineApt } from "./apt.js";
import { cached } from "./cached.js";
import { progress, run } from "./command.js";

/** Raised when what is taken out of the packages changes. */
const recipe = 1;

/** The packages that a device's userland is made of. */
const userlandPackages = ["adbd", "toybox", "mksh", "busybox-static", "kmod"];

/** The flavour of Debian's kernel that a device runs: it has few modules and the virtio drivers. */
const flavour = "-cloud-amd64";

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
  /** `uname -r`. */
  readonly release: string;
  /** The unpacked packages, a folder like `/`. */
  readonly root: string;
  /** Headers for building modules. */
  readonly headers: KernelHeaders;
  /** Headers of another kernel whose modules this one takes; undefined where the apt sources have none. */
  readonly otherHeaders: KernelHeaders | undefined;
  /** The folder with `kheaders.c` and `gen_kheaders.sh` as they are in this kernel's source. */
  readonly source: string;
}

/** Headers as Debian packs them: a part for the architecture and flavour, a part for all. */
export interface KernelHeaders {
  readonly release: string;
  readonly arch: string;
  readonly common: string;
}

/** The unpacked packages of the userland, a folder like `/`. */
export async function userlandPackage(): Promise<string> {
  return cached(`userland-${recipe}`, async (folder) => {
    progress("fetching adbd, toybox and mksh");
    await withDeviceApt(async (apt) => unpack(apt, await apt.closure(userlandPackages), folder));
  });
}

/** The newest cloud kernel of this machine's release, its headers, and those of another kernel. */
export async function kernelPackages(): Promise<KernelPackages> {
  const folder = await cached(`kernel-${recipe}`, (into) =>
    withMachineApt(async (apt) => fetchKernel(apt, into)),
  );
  const root = join(folder, "root");
  const release = await readFile(join(folder, "release"), "utf8");
  const otherRelease = await readFile(join(folder, "other-release"), "utf8");
  return {
    release,
    root,
    headers: headersIn(root, release),
    otherHeaders: otherRelease === "" ? undefined : headersIn(root, otherRelease),
    source: join(folder, "source"),
  };
}

async function fetchKernel(apt: Apt, folder: string): Promise<void> {
  const image = (await apt.depends(`linux-image${flavour}`)).find((name) => name.startsWith("linux-image-"));
  if (image === undefined)
    throw new Error(
      `linux-image${flavour} names no kernel; the lab needs the apt sources of a Debian release`,
    );
  const release = image.slice("linux-image-".length);
  const version = await apt.version(image);
  const root = join(folder, "root");
  progress(`fetching the kernel ${release} and its headers`);
  await unpack(apt, [`${image}=${version}`, ...(await headerPackages(apt, release))], root);
  const otherRelease = (await fetchOtherHeaders(apt, release, root)) ?? "";
  progress("fetching the kernel's source for kheaders.c and gen_kheaders.sh (140 MB, once)");
  await fetchSource(apt, release, version, folder);
  await writeFile(join(folder, "release"), release);
  await writeFile(join(folder, "other-release"), otherRelease);
}

/** The packages of a kernel's headers, without the compiler: the machine's own does. */
async function headerPackages(apt: Apt, release: string): Promise<string[]> {
  const arch = `linux-headers-${release}`;
  const others = (await apt.depends(arch)).filter((name) => /^linux-(headers|kbuild)-/.test(name));
  return [arch, ...others];
}

/** Unpacks the headers of the newest other kernel of the series whose modules `release` takes; gives its release. */
async function fetchOtherHeaders(apt: Apt, release: string, root: string): Promise<string | undefined> {
  const prefix = `linux-headers-${seriesOf(release)}.`;
  const releases = (await apt.names(prefix))
    .filter((name) => name.endsWith(flavour))
    .map((name) => name.slice("linux-headers-".length))
    .filter((other) => other !== release)
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const wanted = await checksums(headersIn(root, release));
  for (const other of releases) {
    await unpack(apt, [`linux-headers-${other}`], root);
    const headers = headersIn(root, other);
    if ((await checksums(headers)) === wanted) {
      await unpack(apt, await headerPackages(apt, other), root);
      return other;
    }
    await rm(headers.arch, { recursive: true });
  }
  return undefined;
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

async function fetchSource(apt: Apt, release: string, version: string, folder: string): Promise<void> {
  const name = `linux-source-${seriesOf(release)}`;
  const debs = join(folder, "debs");
  const into = join(folder, "source");
  await mkdir(into);
  const [deb = ""] = await apt.download([`${name}=${version}`], debs);
  const unpackSource =
    'dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" | ' +
    'tar -xJ -C "$3" --strip-components=2 "$2/kernel/kheaders.c" "$2/kernel/gen_kheaders.sh"';
  await run("bash", ["-o", "pipefail", "-c", unpackSource, "lab", deb, name, into]);
  await rm(debs, { recursive: true });
}

async function unpack(apt: Apt, names: readonly string[], folder: string): Promise<void> {
  const debs = join(folder, "debs");
  for (const deb of await apt.download(names, debs)) await run("dpkg-deb", ["-x", deb, folder]);
  await rm(debs, { recursive: true });
}

function headersIn(root: string, release: string): KernelHeaders {
  const sources = join(root, "usr/src");
  return {
    release,
    arch: join(sources, `linux-headers-${release}`),
    common: join(sources, `linux-headers-${release.slice(0, -flavour.length)}-common`),
  };
}

/** `6.1` of `6.1.0-56-cloud-amd64`. */
function seriesOf(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}
