import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Metafile, type Plugin, transform } from "esbuild";
import { divide } from "./divide.js";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Entry points: the name of what is made, without extension, and its source, relative to the repository. */
type EntryPoints = Readonly<Record<string, string>>;

/**
 * commander starts programs for subcommands that are programs of their own, and adbkit starts adb: here neither does. Without
 * node:child_process, and the sockets that it brings, whatever starts does so some milliseconds earlier.
 */
const noSubprograms: Plugin = {
  name: "no-subprograms",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?child_process$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/](commander|@devicefarmer[\\/]adbkit)[\\/]/.test(importer)
        ? { path: "child_process", namespace: "no-subprograms" }
        : undefined,
    );
    onLoad({ filter: /./, namespace: "no-subprograms" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** In CommonJS, what `import.meta.url` is in ES modules. */
const moduleUrl = 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;\n';

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.17",
  loader: { ".sh": "text", ".css": "text", ".client.js": "text" },
  alias: {
    bluebird: join(root, "host/adb/native-promise.ts"),
    debug: join(root, "host/adb/no-debug.ts"),
  },
  define: { KHEADERS_VERSION: JSON.stringify(version()) },
  legalComments: "none",
  plugins: [noSubprograms],
  logLevel: "warning",
};

/**
 * Bundles programs and workers, each into one CommonJS file `NAME.js`: it starts 20 ms earlier than the same as ES
 * modules in several files. What is imported by `import()` is in the file too, but runs only when asked for. All of it is
 * parsed at each start, so the white space is taken out; names stay, for whoever reads a stack.
 */
export async function bundlePrograms(entryPoints: EntryPoints, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...options,
    entryPoints,
    outdir,
    format: "cjs",
    minifyWhitespace: true,
    minifySyntax: true,
    define: { ...options.define, "import.meta.url": "moduleUrl" },
    banner: { js: moduleUrl },
    metafile: true,
  });
  markAsCommonJs(outdir);
  return metafile;
}

/** What a pull from the cache loads later than at the start. */
const loadedByHit = ["host/cli/commands/get/pull.ts", "host/pull/pull.ts", "env-paths"];

/** What else a pull that takes its headers from a device loads, or from one of many. */
const loadedByMiss = [
  "host/farm/pull-many.ts",
  "host/pull/transfer/fetch.ts",
  "host/cache/publish/staging.ts",
];

/** What else a pull with a store loads. */
const loadedByStore = [
  "host/pull/transfer/from-store.ts",
  "host/pull/write-to-store.ts",
  "host/sharing/shared-store.ts",
  "host/store/open.ts",
];

/** What a pull and `kheaders diff` load to keep something beside a tree. */
const loadedToKeep = ["host/cache/publish/extras.ts"];

/** What `kheaders layout` loads for a kernel whose BTF is cached: it has an aim for its time, too. */
const loadedByLayout = [
  "host/cli/commands/use/layout.ts",
  "host/compare/layout/with-types.ts",
  "host/compare/layout/find-type.ts",
  "host/compare/layout/layout.ts",
  "host/compare/layout/member-path.ts",
  "host/cli/report/layout-text.ts",
  "host/cache/upkeep/digests.ts",
];

/** What the summary of `kheaders diff` loads for two cached kernels: it has one as well. */
const loadedByDiff = [
  "host/cli/commands/use/diff.ts",
  "host/compare/diff/diff-kernels.ts",
  "host/compare/diff/summary.ts",
  "host/cli/report/diff/diff-object.ts",
  "host/cli/report/diff/summary-text.ts",
  "host/cache/trees/manifest.ts",
];

/**
 * Bundles the command into `kheaders.js`, which knows the version, and files beside it: `kheaders-main.js` and
 * `kheaders-chunk.js` have what a pull from the cache needs, and `kheaders-rest.js` has all the rest.
 */
export async function bundleCommand(outdir: string): Promise<Metafile> {
  const { outputFiles, metafile } = await build({
    ...options,
    plugins: [
      noSubprograms,
      divide(root, {
        near: loadedByHit,
        apart: ["host/cli/main.ts"],
        files: {
          miss: loadedByMiss,
          store: loadedByStore,
          keep: loadedToKeep,
          layout: loadedByLayout,
          diff: loadedByDiff,
        },
        core: "host/cli/program.ts",
      }),
    ],
    entryPoints: { kheaders: "host/cli/start.ts" },
    outdir,
    format: "esm",
    splitting: true,
    chunkNames: "kheaders-[name]-[hash]",
    define: { ...options.define, "import.meta.url": "moduleUrl" },
    metafile: true,
    write: false,
  });
  const names = namesOf(metafile);
  for (const { path, text } of outputFiles) {
    const { code } = await transform(
      text.replace(hashedName, (name) => names.get(name) ?? name),
      {
        format: "cjs",
        platform: "node",
        target: "node20.17",
        minifyWhitespace: true,
        minifySyntax: true,
        // Node loads a CommonJS file much faster if it is not asked for by `import()`.
        supported: { "dynamic-import": false },
      },
    );
    const name = names.get(basename(path)) ?? basename(path);
    writeFileSync(join(outdir, name), code.includes("moduleUrl") ? moduleUrl + code : code);
  }
  makeExecutable(join(outdir, "kheaders.js"));
  markAsCommonJs(outdir);
  return metafile;
}

const hashedName = /\bkheaders-\w+-[A-Z0-9]{8}\.js\b/g;

/**
 * The names of the files without the hashes by which esbuild tells those that several share: `chunk` is what the program
 * begins with, `diff-rest` what these two share.
 */
function namesOf({ outputs }: Metafile): Map<string, string> {
  const files = Object.entries(outputs).map(([path, { imports }]) => ({
    name: basename(path),
    plain: basename(path).replace(/-[A-Z0-9]{8}\.js$/, ".js"),
    parts: imports.filter(({ kind }) => kind === "import-statement").map((part) => basename(part.path)),
  }));
  const ofSeveral = "kheaders-chunk.js";
  const wholes = files.filter(({ plain }) => plain !== ofSeveral);
  const names = files.map(({ name, plain }): [string, string] => {
    if (plain !== ofSeveral) return [name, plain];
    const users = wholes.filter(({ parts }) => parts.includes(name)).map((file) => file.plain);
    if (users.includes("kheaders-main.js")) return [name, plain];
    const shorts = users.map((user) => user.replace(/^kheaders-(\w+)\.js$/, "$1"));
    return [name, `kheaders-${shorts.sort().join("-")}.js`];
  });
  if (new Set(names.map(([, plain]) => plain)).size < names.length)
    throw new Error(`two files of the program have one name: ${names.join(" ")}`);
  return new Map(names);
}

/** Bundles libraries, as ES modules `NAME.mjs`, with what several of them need or one needs only later in files beside them. */
export async function bundleLibraries(entryPoints: EntryPoints, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    ...options,
    entryPoints,
    outdir,
    format: "esm",
    splitting: true,
    // Beside the entry points, so that the worker's address relative to a chunk is the same as to an entry point.
    chunkNames: "[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    // CommonJS dependencies ask for Node's own modules by require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    metafile: true,
  });
  return metafile;
}

/** The repository's own package.json says that its files are ES modules. */
function markAsCommonJs(outdir: string): void {
  writeFileSync(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
}

/** Makes a bundled program one that can be run by its name. */
function makeExecutable(file: string): void {
  writeFileSync(file, `#!/usr/bin/env node\n${readFileSync(file, "utf8")}`);
  chmodSync(file, 0o755);
}

/** The version of kheaders, as package.json has it. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}
