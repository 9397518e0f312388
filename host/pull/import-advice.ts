import type { KernelIdentity } from "../../shared/identity.js";
import { ikheadersOf, type KernelConfig } from "../kernel/config.js";
import { publicBuildOf } from "../kernel/public-build.js";

/** Where to get a file that holds a kernel's headers, and what to do with it. */
export interface ImportAdvice {
  /** The page that lists the files of the kernel's public build. */
  readonly page: string;
  /** The names of the files to get there. */
  readonly files: readonly string[];
  /** The command that takes the headers out of them. */
  readonly command: string;
}

/**
 * How to import a kernel's headers without root, if its release names a public build. Which file has them follows from
 * the configuration: a module of their own (CONFIG_IKHEADERS=m) lies in the build's modules, what is built in (=y) in its
 * boot image, and a build without either still has the headers as a file.
 *
 * @param config undefined if it is not known; then the branch tells what Android requires of it: a module from android14 on.
 */
export function importAdvice(
  kernel: Pick<KernelIdentity, "release" | "machine">,
  config: KernelConfig | undefined,
  serial: string,
): ImportAdvice | undefined {
  const build = publicBuildOf(kernel.release, kernel.machine);
  if (build === undefined) return undefined;
  const { modules, headers, boot } = build.files;
  const usual = Number(/^android(\d+)/.exec(build.branch)?.[1]) >= 14 ? "m" : "y";
  const offered = config === undefined ? usual : ikheadersOf(config);
  const files = (offered === "m" ? [modules] : offered === "y" ? [boot] : [headers, boot]).map(nameIn);
  const target = /^[\w.:-]+$/.test(serial) ? serial : "SERIAL";
  return { page: build.page, files, command: `kheaders import ${files.join(" ")} -s ${target}` };
}

/** What a message says of {@link importAdvice}, or where else headers can come from, as a sentence or two. */
export function importHint(advice: ImportAdvice | undefined): string {
  return advice === undefined
    ? "Without root, import them from the kernel's image, its kheaders.ko or its build tree; see: kheaders import --help"
    : `Without root, get ${advice.files.join(" and ")} from ${advice.page} and run: ${advice.command}`;
}

/** A hint of an error that ends for want of headers or root, with {@link importHint} after it. */
export function withImportHint(hint: string | undefined, advice: ImportAdvice | undefined): string {
  return hint === undefined ? importHint(advice) : `${hint} ${importHint(advice)}`;
}

function nameIn(address: string): string {
  return address.slice(address.lastIndexOf("/") + 1);
}
