import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { root } from "./bundle.js";

/** The licence texts of packages that bring none themselves, by package name. */
const licenceTexts = join(root, "scripts/licences");

/**
 * The text of `THIRD-PARTY-NOTICES.txt`: the licence of every package that went into the bundles, as these licences ask.
 * Throws if a package has none.
 */
export function thirdPartyNotices(metafiles: readonly Pick<Metafile, "inputs">[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const texts = [...new Set(folders)].sort().map((folder) => noticeOf(join(root, folder)));
  return `kheaders contains these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    license: string;
  };
  return `${name} ${version} (${license})\n\n${licenceOf(folder, name)}\n`;
}

function licenceOf(folder: string, name: string): string {
  const own = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  const file = own === undefined ? join(licenceTexts, `${name.replace("/", "-")}.txt`) : join(folder, own);
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (text === "") throw new Error(`${name} has no licence text; write it to ${file}`);
  return text;
}
