import { readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { Plugin } from "esbuild";

/** `import("…")` of one of our files or of a package. */
const dynamicImport = /\bimport\(\s*"((?!node:)[^"]+)",?\s*\)/g;

/** The file of what is in no other. */
const restName = "rest";

/** What is imported by `import()`, as paths relative to the repository, or names of packages. */
export interface Parts {
  /** Kept in the file of what imports it, though it runs only when asked for. */
  readonly near: readonly string[];
  /** Each gets a file of its own. */
  readonly apart: readonly string[];
  /** Files, each of which has what is needed together. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** Where the program begins: all that it imports is in one file, whichever of the others needs some of it, too. */
  readonly core: string;
}

/**
 * Divides a program that is bundled with `splitting`: what is imported later and has no other place goes into one file,
 * `rest`, which is read only when some of it is asked for. (Alone, esbuild makes a file of each, and of what any two of them
 * share.) To read a program takes longer than to run what most calls need of it, and so does each further file.
 */
export function divide(root: string, { near, apart, files, core }: Parts): Plugin {
  const imported = (file: string, specifier: string) =>
    specifier.startsWith(".") ? resolve(dirname(file), specifier).replace(/\.js$/, ".ts") : specifier;
  const place = (name: string) => (isAbsolute(name) ? relative(root, name) : name);
  const fileOf = (name: string): string | undefined => {
    if (near.includes(place(name)) || apart.includes(place(name))) return undefined;
    return Object.keys(files).find((file) => files[file]?.includes(place(name))) ?? restName;
  };
  const later = new Set(
    sources(join(root, "host")).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(dynamicImport)].map(([, name = ""]) => imported(file, name)),
    ),
  );
  return {
    name: "divide",
    setup({ onResolve, onLoad }) {
      onLoad({ filter: /\/host\/.*\.ts$/ }, ({ path }) => ({
        loader: "ts",
        contents: readFileSync(path, "utf8").replace(dynamicImport, (whole, specifier: string) => {
          const name = imported(path, specifier);
          const file = fileOf(name);
          if (file !== undefined)
            return `import("${file}").then(({ load }) => load[${JSON.stringify(name)}]())`;
          return apart.includes(place(name))
            ? whole
            : `Promise.resolve().then(() => require("${specifier}"))`;
        }),
      }));
      const names = new RegExp(`^(${[restName, ...Object.keys(files)].join("|")})$`);
      onResolve({ filter: names }, ({ path }) => ({ path, namespace: "divided" }));
      onLoad({ filter: /./, namespace: "divided" }, ({ path: file }) => {
        const loads = [...later]
          .filter((name) => fileOf(name) === file)
          .map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)}),`);
        // What can be reached from here and from the beginning alike gets no further file.
        const reach = `export const reach = () => require(${JSON.stringify(join(root, core))});`;
        return { contents: `export const load = {\n${loads.join("\n")}\n};\n${reach}`, resolveDir: root };
      });
    },
  };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}
