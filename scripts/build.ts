/** Makes all that is shipped, in dist/: the command, the library with its types, the worker, third-party notices. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { bundleLibraries, bundlePrograms, makeExecutable, root } from "./bundle.js";

const dist = join(root, "dist");
// What runs from dist/ meanwhile goes on: the old build gives way to the new one in two renames.
const made = mkdtempSync(join(root, ".build-"));
try {
  const bundles = [
    await bundlePrograms({ kheaders: "host/cli/main.ts", "xz-worker": "host/archive/xz/worker.ts" }, made),
    await bundleLibraries({ index: "host/index.ts" }, made),
  ];
  makeExecutable(join(made, "kheaders.js"));
  writeFileSync(join(made, "THIRD-PARTY-NOTICES.txt"), notices(bundles));
  const types = ["tsc", "-p", "tsconfig.types.json", "--outDir", join(made, "types")];
  execFileSync("npx", types, { cwd: root, stdio: "inherit" });
  chmodSync(made, 0o755);
  const old = `${made}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(made, dist);
  rmSync(old, { recursive: true, force: true });
} finally {
  rmSync(made, { recursive: true, force: true });
}

/** The licences of every package that went into the bundle, as they ask for. */
function notices(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set(
    inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const texts = [...packages].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
      name: string;
      version: string;
      license: string;
    };
    const licenceFile = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    const text = licenceFile
      ? readFileSync(join(root, folder, licenceFile), "utf8").trim()
      : "(no licence file)";
    return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
  });
  return `kheaders contains these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
