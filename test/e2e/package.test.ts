import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CommandOptions, type Output, run, runAny } from "../lab/command.js";
import { programPath } from "../support/kheaders.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const release = "6.1.57-android14-11";

let host: Workstation;
let packed: string;
let prefix: string;
/** An npm that has nothing cached and asks no registry; Node's folder alone is in its PATH, with what a shell needs. */
let options: CommandOptions;

beforeAll(async () => {
  host = await Workstation.open();
  const home = host.folder("npm");
  prefix = join(home, "prefix");
  options = {
    cwd: home,
    env: {
      HOME: home,
      PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(":"),
      npm_config_cache: join(home, "npm-cache"),
      npm_config_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
      npm_config_prefix: prefix,
    },
  };
  // What is built is packed as it is: the tests that run beside this need it.
  await run("npm", ["pack", repository, "--ignore-scripts", "--pack-destination", home], options);
  packed = join(home, readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "no package");
});
afterAll(() => host.close());

it("holds what is shipped, and neither tests nor sources", async () => {
  const listed = await run("tar", ["-tzf", packed]);
  const files = listed.trim().split("\n");
  for (const file of [
    "package.json",
    "LICENSE",
    "README.md",
    "dist/kheaders.js",
    "dist/kheaders-rest.js",
    "dist/xz-worker.js",
  ])
    expect(files).toContain(`package/${file}`);
  for (const file of ["dist/index.mjs", "dist/types/host/index.d.ts", "dist/THIRD-PARTY-NOTICES.txt"])
    expect(files).toContain(`package/${file}`);
  expect(files.filter((file) => !/^package\/(dist\/|[^/]+$)/.test(file))).toEqual([]);
});

it("installs globally with no network, brings no other package, and works", async () => {
  await run("npm", ["install", "--global", packed], options);
  expect(readdirSync(join(prefix, "lib/node_modules"))).toEqual(["kheaders"]);
  expect(readdirSync(join(prefix, "lib/node_modules/kheaders"))).not.toContain("node_modules");

  expect((await installed(["--version"])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  await host.simulate({ release, archive: smallArchive(release) });
  const { status, stdout, stderr } = await installed(["pull"]);
  expect(status, stderr).toBe(0);
  expect(stdout.toString()).toMatch(/\/trees\/[0-9a-f]{64}\n$/);
});

/** Runs the installed command, by the name that a user types. */
function installed(args: readonly string[]): Promise<Output> {
  const path = [join(prefix, "bin"), dirname(process.execPath), dirname(programPath("env"))].join(":");
  return runAny(join(prefix, "bin/kheaders"), args, {
    env: {
      HOME: host.root,
      PATH: path,
      ANDROID_ADB_SERVER_PORT: String(host.adb.port),
      KHEADERS_CACHE_DIR: host.cache,
    },
  });
}
