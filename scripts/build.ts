/** Makes all that is shipped, in dist/: the command, its manual page, the library with its types, the worker, third-party notices. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { bundleCommand, bundleLibraries, bundlePrograms, root, version } from "./bundle.js";
import { type DescribedCommand, manPage, tableOf } from "./man-page.js";
import { thirdPartyNotices } from "./notices.js";

const dist = join(root, "dist");
// What runs from dist/ meanwhile goes on: the old build gives way to the new one in two renames.
const made = mkdtempSync(join(root, ".build-"));
try {
  const bundles = [
    await bundleCommand(made),
    await bundlePrograms({ "xz-worker": "host/archive/xz/worker.ts" }, made),
    await bundleLibraries({ index: "host/index.ts" }, made),
  ];
  cpSync(join(root, "host/build/include"), join(made, "include"), { recursive: true });
  writeFileSync(join(made, "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(bundles));
  writeFileSync(join(made, "kheaders.1"), await makeManPage());
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

/** The manual page, from the command line's own definitions: bundled first, as they are for the command. */
async function makeManPage(): Promise<string> {
  const folder = mkdtempSync(join(root, ".build-"));
  try {
    await bundleLibraries({ program: "host/cli/program.ts" }, folder);
    const { makeProgram }: { makeProgram(words: readonly string[]): Promise<DescribedCommand> } =
      await import(join(folder, "program.mjs"));
    const commands = readFileSync(join(root, "docs/commands.md"), "utf8");
    const tables = ["Exit status", "Environment"].map((heading) => tableOf(commands, heading));
    return manPage(await makeProgram(["--help"]), version(), tables);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
