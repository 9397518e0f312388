/** What `make modules_prepare` compiles and includes, besides all Kconfig files: about 60 MB out of 1.3 GB. */
function neededFolders(arch: string): string[] {
  return [
    `arch/${arch}`,
    "include",
    "kernel",
    "lib/vdso",
    "scripts",
    // scripts/selinux includes its classes.
    "security/selinux/include",
    ...["arch", "build", "include", "lib", "objtool", "scripts"].map((name) => `tools/${name}`),
  ];
}

const neededFiles = ["Makefile", "Kbuild", "Kconfig", "tools/Makefile"];

function unwantedFolders(arch: string): string[] {
  return [
    `arch/${arch}/boot/dts`,
    `arch/${arch}/include/generated`,
    "include/config",
    "include/generated",
    // Links to the device trees of all architectures.
    "scripts/dtc/include-prefixes",
  ];
}

/** Names of what a build in the source's own folder leaves there. */
const builtNames = /^(?:.*\.(?:o|a|ko|mod|order|symvers)|\..*\.cmd)$/;

/** Whether preparing a source needs a file of it, or one in a folder of it, by the path below the source. */
export function isNeededSource(path: string, isFolder: boolean, arch: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isFolder) return !name.startsWith(".") && !unwantedFolders(arch).includes(path);
  if (builtNames.test(name)) return false;
  return (
    name.startsWith("Kconfig") ||
    neededFiles.includes(path) ||
    neededFolders(arch).some((folder) => path.startsWith(`${folder}/`))
  );
}

/**
 * What GNU tar is told to extract the same from an archive. What it does not find it names, and ends with status 2.
 *
 * @param top the folder that all of the archive lies in, with a slash at its end, or an empty text.
 */
export function tarPatterns(top: string, arch: string): string[] {
  const quoted = top.replace(/[*?[\\]/g, "\\$&");
  return [
    "--anchored",
    "--wildcards",
    ...unwantedFolders(arch).map((folder) => `--exclude=${quoted}${folder}`),
    ...[...neededFiles, ...neededFolders(arch), "Kconfig*", "*/Kconfig*"].map((path) => `${quoted}${path}`),
  ];
}
