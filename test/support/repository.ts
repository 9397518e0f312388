import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** What is made here and never committed. */
const made = new Set(["node_modules", "dist", ".git"]);

/** The paths of all files of the repository, from its folder. */
export function repositoryFiles(folder = ""): string[] {
  return readdirSync(join(repository, folder), { withFileTypes: true })
    .filter(({ name }) => !made.has(name))
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      return entry.isDirectory() ? repositoryFiles(`${path}/`) : [path];
    });
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}
