import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type AptSource, formatDeb822, parseDeb822, parseOneLine, turnedTo } from "./apt-sources.js";
import { type Architecture, architectureFacts, hostArchitecture } from "./architecture.js";
import { exists } from "./cached.js";
import { run } from "./command.js";

/** The first Debian release with an `adbd` package. */
const suiteWithAdbd = "trixie";

/**
 * apt with folders and sources of its own: it needs no rights, and neither sees nor changes what is installed. Packages are
 * of the architecture that it was made for, unless their names say another (`name:amd64`).
 */
export interface Apt {
  /** Whether a package of this name can be fetched. */
  has(name: string): Promise<boolean>;
  /** What `name` (or `name=version`) depends on directly. */
  depends(name: string): Promise<string[]>;
  /** The version that would be fetched. */
  version(name: string): Promise<string>;
  /** The names of all packages that begin with `prefix`. */
  names(prefix: string): Promise<string[]>;
  /** The packages and all they depend on, as `name=version`. */
  closure(names: readonly string[]): Promise<string[]>;
  /** Downloads packages (`name` or `name=version`) into `folder`; gives the paths of the `.deb` files. */
  download(names: readonly string[], folder: string): Promise<string[]>;
}

/** Works with the machine's own sources. */
export async function withMachineApt<T>(
  architecture: Architecture,
  work: (apt: Apt) => Promise<T>,
): Promise<T> {
  return withApt(architecture, await machineSources(), work);
}

/**
 * Works with the suite that has `adbd`: the machine's own, else a newer one of Debian at the address that the machine's
 * sources name.
 */
export async function withDeviceApt<T>(
  architecture: Architecture,
  work: (apt: Apt) => Promise<T>,
): Promise<T> {
  const sources = await machineSources();
  if (await withApt(architecture, sources, (apt) => apt.has("adbd")))
    return withApt(architecture, sources, work);
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1] ?? "";
  const newer = turnedTo(sources, codename, suiteWithAdbd);
  if (newer === undefined)
    throw new Error(
      `the apt sources of this machine name no archive of ${codename || "its release"} to get adbd from`,
    );
  return withApt(architecture, [newer], work);
}

async function withApt<T>(
  architecture: Architecture,
  sources: readonly AptSource[],
  work: (apt: Apt) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kheaders-lab-apt-"));
  try {
    return await work(await privateApt(folder, architecture, sources));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function privateApt(
  folder: string,
  architecture: Architecture,
  sources: readonly AptSource[],
): Promise<Apt> {
  const { debian } = architectureFacts[architecture];
  for (const name of ["sources", "preferences", "state", "lists/partial", "cache/archives/partial"])
    await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, "sources/lab.sources"), sources.map(formatDeb822).join("\n"));
  await writeFile(join(folder, "status"), "");
  const config = join(folder, "apt.conf");
  await writeFile(
    config,
    [
      `Dir::Etc::sourcelist "/dev/null";`,
      `Dir::Etc::sourceparts "${folder}/sources";`,
      `Dir::Etc::preferences "/dev/null";`,
      `Dir::Etc::preferencesparts "${folder}/preferences";`,
      `Dir::State "${folder}/state";`,
      `Dir::State::lists "${folder}/lists";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      `APT::Architecture "${debian}";`,
      `#clear APT::Architectures;`,
      `APT::Architectures { "${debian}"; "${hostArchitecture}"; };`,
      `APT::Sandbox::User "root";`,
      `Acquire::Languages "none";`,
    ].join("\n"),
  );
  const env = { ...process.env, APT_CONFIG: config, LC_ALL: "C.UTF-8" };
  const apt = (command: string, ...args: string[]) => run(command, args, { env });
  await apt("apt-get", "-qq", "update");

  const names = async (prefix: string) => lines(await apt("apt-cache", "pkgnames", prefix));
  return {
    names,
    has: async (name) => (await names(name)).includes(name),
    async depends(name) {
      const text = await apt("apt-cache", "depends", "--important", name);
      return [...text.matchAll(/^ {2}Depends: ([^<\s]+)$/gm)].flatMap((match) => match[1] ?? []);
    },
    async version(name) {
      const candidate = /^ {2}Candidate: (.+)$/m.exec(await apt("apt-cache", "policy", name))?.[1];
      if (candidate === undefined || candidate === "(none)")
        throw new Error(`the apt sources of this machine have no package ${name}`);
      return candidate;
    },
    async closure(wanted) {
      const plan = await apt("apt-get", "install", "-qq", "--simulate", "--no-install-recommends", ...wanted);
      return [...plan.matchAll(/^Inst (\S+) \((\S+) /gm)].map((match) => `${match[1]}=${match[2]}`);
    },
    async download(wanted, into) {
      await mkdir(into, { recursive: true });
      await run("apt-get", ["-qq", "download", ...wanted], { env, cwd: into });
      const files = (await readdir(into)).filter((name) => name.endsWith(".deb"));
      return files.map((name) => join(into, name));
    },
  };
}

/** All sources in the places where apt looks for them (sources.list(5)). */
async function machineSources(): Promise<AptSource[]> {
  const parts = "/etc/apt/sources.list.d";
  const files = (await exists(parts)) ? (await readdir(parts)).sort().map((name) => join(parts, name)) : [];
  if (await exists("/etc/apt/sources.list")) files.unshift("/etc/apt/sources.list");
  const sources: AptSource[] = [];
  for (const file of files) {
    if (basename(file).endsWith(".sources")) sources.push(...parseDeb822(await readFile(file, "utf8")));
    if (basename(file).endsWith(".list")) sources.push(...parseOneLine(await readFile(file, "utf8")));
  }
  return sources
    .filter(({ types }) => types.includes("deb"))
    .map((source) => ({ ...source, types: ["deb"] }));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
