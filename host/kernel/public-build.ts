/** A kernel that was built in public, by Android's CI, and where its files are. */
export interface PublicBuild {
  /** The number of the build: 7 to 9 digits. */
  readonly id: string;
  /** The branch: `android15-6.6`. */
  readonly branch: string;
  /** The size of a page in memory, in bytes, if the release says it. */
  readonly pageBytes: 4096 | 16384 | undefined;
  /** What the CI calls the kernel that it built: `kernel_aarch64`. */
  readonly target: string;
  /** The page that lists the build's files. */
  readonly page: string;
  /** Files of the build that `kheaders import` takes. */
  readonly files: {
    /** All modules of the build, `kheaders.ko` among them: the archive that the device itself has. */
    readonly modules: string;
    /** The headers alone. */
    readonly headers: string;
    /** The boot images, which have the kernel with its version and configuration. */
    readonly boot: string;
    /** Says of which release the build is, as `kernel_release=`. */
    readonly info: string;
  };
}

const buildPattern = /-ab(\d{7,9})(?:-(4|16)k)?$/;
const branchPattern = /^(\d+\.\d+)(?:\.\d+)?-(android\d+)-/;

/**
 * The number of the CI's build in a release (`uname -r`): `-ab` and 7 to 9 digits, then nothing, `-4k` or `-16k`. One
 * number means one build. `-abogki…` and `-abS918…` are of vendors' own builds, and name none.
 */
export function buildNumberIn(release: string): string | undefined {
  return buildPattern.exec(release)?.[1];
}

/**
 * The public build that a release names; undefined if it names none. A release without `androidNN-` is of a device's own
 * kernel: its build may have a number, but its files are not public.
 *
 * @param machine `uname -m`; there are public builds for aarch64 and x86_64.
 */
export function publicBuildOf(release: string, machine: string): PublicBuild | undefined {
  const [, id, pages] = buildPattern.exec(release) ?? [];
  const [, version, android] = branchPattern.exec(release) ?? [];
  const target = targetFor(machine, pages);
  if (id === undefined || version === undefined || target === undefined) return undefined;
  const page = `https://ci.android.com/builds/submitted/${id}/${target}/latest`;
  const file = (name: string) => `${page}/raw/${name}`;
  return {
    id,
    branch: `${android}-${version}`,
    pageBytes: pages === undefined ? undefined : pages === "16" ? 16384 : 4096,
    target,
    page,
    files: {
      modules: file("system_dlkm_staging_archive.tar.gz"),
      headers: file("kernel-headers.tar.gz"),
      boot: file("boot-img.tar.gz"),
      info: file("gki-info.txt"),
    },
  };
}

function targetFor(machine: string, pages: string | undefined): string | undefined {
  if (machine === "aarch64") return pages === "16" ? "kernel_aarch64_16k" : "kernel_aarch64";
  return machine === "x86_64" && pages !== "16" ? "kernel_x86_64" : undefined;
}
