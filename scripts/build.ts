/** Makes all that is shipped, in dist/: the command, the library with its types, the worker, third-party notices. */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleCommand, bundleLibraries, bundlePrograms, root } from "./bundle.js";
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
