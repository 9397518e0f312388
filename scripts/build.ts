/** Makes all that is shipped, in dist/: the command, the library with its types, the worker, third-party notices. */
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: {
    kheaders: "host/cli/main.ts",
    index: "host/index.ts",
    "xz-worker": "host/archive/xz-worker.ts",
  },
  outdir: dist,
  bundle: true,
  splitting: true,
  // Beside the entry points, so that the worker's address relative to a chunk is the same as to an entry point.
  chunkNames: "[name]-[hash]",
  platform: "node",
  format: "esm",
  target: "node20.17",
  loader: { ".sh": "text" },
  define: { KHEADERS_VERSION: JSON.stringify(version) },
  // CommonJS dependencies ask for Node's own modules by require.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
const command = join(dist, "kheaders.js");
writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, "utf8")}`);
chmodSync(command, 0o755);
writeFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), notices(metafile));
execFileSync("npx", ["tsc", "-p", "tsconfig.types.json"], { cwd: root, stdio: "inherit" });

/** The licences of every package that went into the bundle, as they ask for. */
function notices(meta: Metafile): string {
  const packages = new Set(
    Object.keys(meta.inputs).flatMap(
      (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
    ),
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
