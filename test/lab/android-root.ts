import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Architecture, type ArchitectureFacts, architectureFacts } from "./architecture.js";
import { exists } from "./cached.js";
import { run } from "./command.js";
import type { DeviceEntry } from "./newc.js";
import { userlandPackage } from "./packages.js";
import { deviceTools } from "./tools.js";

/** Android's `shell` user (system/core/libcutils/include/private/android_filesystem_config.h). */
export const shellUser = 2000;

/** toybox applets that Debian builds and Android does not, or that an Android without root must not have. */
const absentApplets = new Set(["httpd", "login", "mkpasswd", "passwd", "su", "tar", "wget"]);

/** Programs of the packages, by their place on the device. */
const programs: ReadonlyMap<string, string> = new Map([
  ["system/bin/mksh", "usr/bin/mksh"],
  ["system/bin/toybox", "usr/bin/toybox"],
  ["system/bin/adbd", "usr/lib/android-sdk/platform-tools/adbd"],
  ["lab-bin/busybox", "usr/bin/busybox"],
  ["lab-bin/kmod", "usr/bin/kmod"],
  ["system/xbin/bpftool", "usr/sbin/bpftool"],
]);

/** The lab's own programs, by their place on the device. */
const ownPrograms: ReadonlyMap<string, string> = new Map([
  ["system/bin/getprop", "getprop"],
  ["system/bin/modprobe", "modprobe"],
  ["lab-bin/run_as", "run_as"],
]);

const accounts = [
  ["root", 0],
  ["system", 1000],
  ["shell", shellUser],
] as const;

/**
 * The files of an Android-like system: mksh as `sh`, toybox, adbd, a getprop, a modprobe and bpftool, in Android's
 * folders, with the libraries that they need. It holds no xz and no tar.
 */
export async function androidRoot(architecture: Architecture): Promise<DeviceEntry[]> {
  const facts = architectureFacts[architecture];
  const [userland, tools] = await Promise.all([userlandPackage(architecture), deviceTools(architecture)]);
  const folder = (path: string, mode = 0o755, owner = 0): DeviceEntry => ({
    type: "folder",
    path,
    mode,
    owner,
  });
  const program = async (path: string, from: string): Promise<DeviceEntry> => ({
    type: "file",
    path,
    mode: 0o755,
    content: await readFile(from),
  });
  const libraries = await librariesOf(userland, facts, [...programs.values()]);
  return [
    ...["system", "system/bin", "system/etc", "system/lib", "system/lib/modules", "system/xbin"].map((path) =>
      folder(path),
    ),
    ...["dev", "proc", "sys", "mnt", "vendor", "odm", "product", "apex"].map((path) => folder(path)),
    folder("data", 0o771, 1000),
    folder("data/local", 0o751),
    folder("data/local/tmp", 0o771, shellUser),
    folder("lab"),
    folder("lab-bin"),
    folder("lab/properties"),
    ...[...new Set(["usr", "usr/lib", dirname(facts.loader), ...libraryFolders(facts)])].map((path) =>
      folder(path),
    ),
    { type: "link", path: "bin", target: "system/bin" },
    { type: "link", path: "etc", target: "system/etc" },
    { type: "link", path: basename(dirname(facts.loader)), target: dirname(facts.loader) },
    { type: "link", path: "system/bin/sh", target: "mksh" },
    ...(await applets()).map((name): DeviceEntry => {
      return { type: "link", path: `system/bin/${name}`, target: "toybox" };
    }),
    textFile(
      "system/etc/passwd",
      accounts.map(([name, id]) => `${name}:x:${id}:${id}::/:/system/bin/sh\n`).join(""),
    ),
    textFile("system/etc/group", accounts.map(([name, id]) => `${name}:x:${id}:\n`).join("")),
    ...(await Promise.all([...programs].map(([path, from]) => program(path, join(userland, from))))),
    ...(await Promise.all([...ownPrograms].map(([path, name]) => program(path, join(tools, name))))),
    ...(await Promise.all([facts.loader, ...libraries].map((path) => program(path, join(userland, path))))),
  ];
}

/** A file that anybody may read. */
export function textFile(path: string, content: string): DeviceEntry {
  return { type: "file", path, mode: 0o644, content: Buffer.from(content) };
}

/** Where Debian's libraries lie; adbd's own are found by its run path. */
function libraryFolders({ libraries }: ArchitectureFacts): string[] {
  return [`usr/lib/${libraries}`, `usr/lib/${libraries}/android`];
}

/** The names of toybox's applets that a device gets, as the host's own toybox lists them: Debian's are the same for all. */
async function applets(): Promise<string[]> {
  const architecture = "x86_64";
  const { loader } = architectureFacts[architecture];
  const userland = await userlandPackage(architecture);
  const libraries = libraryFolders(architectureFacts[architecture])
    .map((path) => join(userland, path))
    .join(":");
  const names = await run(join(userland, loader), [
    "--library-path",
    libraries,
    join(userland, "usr/bin/toybox"),
  ]);
  return names.split(/\s+/).filter((name) => name !== "" && !absentApplets.has(name));
}

/** The shared libraries that `binaries` need, directly and through each other; paths below `root`. */
async function librariesOf(
  root: string,
  facts: ArchitectureFacts,
  binaries: readonly string[],
): Promise<string[]> {
  const found = new Map<string, string>();
  const queue = [...binaries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    for (const name of await neededBy(join(root, path))) {
      if (found.has(name) || facts.loader.endsWith(`/${name}`)) continue;
      const library = await findLibrary(root, facts, name);
      found.set(name, library);
      queue.push(library);
    }
  }
  return [...found.values()];
}

async function neededBy(binary: string): Promise<string[]> {
  const text = await run("readelf", ["--dynamic", "--wide", binary], {
    env: { ...process.env, LC_ALL: "C" },
  });
  return [...text.matchAll(/\(NEEDED\).*\[(.+)\]/g)].flatMap((match) => match[1] ?? []);
}

async function findLibrary(root: string, facts: ArchitectureFacts, name: string): Promise<string> {
  for (const folder of libraryFolders(facts)) {
    const path = join(folder, name);
    if (await exists(join(root, path))) return path;
  }
  throw new Error(`no package of the userland holds the library ${name}`);
}
