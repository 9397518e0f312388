import { readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Plugin } from "esbuild";

/** `import("…")` of one of our files or of a package. */
const dynamicImport = /\bimport\(\s*"((?!node:)[^"]+)",?\s*\)/g;

const restName = "rest";

/** What is imported by `import()`, as paths relative to the repository, or names of packages. */
export interface Parts {
  /** Kept in the file of what imports it, though it runs only when asked for. */
  readonly near: readonly string[];
  /** Each gets a file of its own. */
  readonly apart: readonly string[];
}

/**
 * Divides a program that is bundled with `splitting`: what is imported later and is neither near nor apart goes into one file,
 * `rest`, which is read only when some of it is asked for. (Alone, esbuild makes a file of each, and of what any two of them
 * share.) To read a program takes longer than to run what most calls need of it, and so does each further file.
 */
export function divide(root: string, { near, apart }: Parts): Plugin {
  const imported = (file: string, specifier: string) =>
    specifier.startsWith(".") ? resolve(dirname(file), specifier).replace(/\.js$/, ".ts") : specifier;
  const place = (name: string) => (isAbsolute(name) ? relative(root, name) : name);
  const isRest = (name: string) => !near.includes(place(name)) && !apart.includes(place(name));
  const rest = new Set(
    sources(join(root, "host"))
      .flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(dynamicImport)].map(([, name = ""]) => imported(file, name)),
      )
      .filter(isRest),
  );
  return {
    name: "divide",
    setup({ onResolve, onLoad }) {
      onLoad({ filter: /\/host\/.*\.ts$/ }, ({ path }) => ({
        loader: "ts",
        contents: readFileSync(path, "utf8").replace(dynamicImport, (whole, specifier: string) => {
          const name = imported(path, specifier);
          if (isRest(name))
            return `import("${restName}").then(({ load }) => load[${JSON.stringify(name)}]())`;
          return apart.includes(place(name))
            ? whole
            : `Promise.resolve().then(() => require("${specifier}"))`;
        }),
      }));
      onResolve({ filter: new RegExp(`^${restName}$`) }, () => ({ path: restName, namespace: restName }));
      onLoad({ filter: /./, namespace: restName }, () => {
        const loads = [...rest].map(
          (name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)}),`,
        );
        return { contents: `export const load = {\n${loads.join("\n")}\n};`, resolveDir: root };
      });
    },
  };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}
