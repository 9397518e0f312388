import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
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
  expect(files).toContain("package/dist/include/bpf/bpf_helpers.h");
  expect(files.filter((file) => !/^package\/(dist\/|docs\/|[^/]+$)/.test(file))).toEqual([]);
});

it("has pages whose links lead to something in the package", async () => {
  const files = (await run("tar", ["-tzf", packed]))
    .trim()
    .split("\n")
    .map((file) => file.replace("package/", ""));
  const pages = files.filter((file) => /^[^/]+\.md$|^docs\//.test(file) && file.endsWith(".md"));
  expect(pages).toContain("docs/commands.md");
  const broken = pages.flatMap((page) =>
    linkedFiles(page, readFileSync(join(repository, page), "utf8"))
      .filter((target) => !files.some((file) => file === target || file.startsWith(`${target}/`)))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

it("has types for each way in which TypeScript looks for them, and tells its version", async () => {
  const project = host.folder("project");
  await run("npm", ["install", "--prefix", project, packed], options);
  for (const name of ["@types/node", "undici-types"]) {
    mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
    symlinkSync(join(repository, "node_modules", name), join(project, "node_modules", name));
  }
  const source = join(project, "consumer.mts");
  writeFileSync(
    source,
    `import { pull } from "kheaders";
export const release: string = (await pull()).kernel.release;
// @ts-expect-error it is no number
export const number: number = release;
`,
  );
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  for (const [resolution, module] of [
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ] as const) {
    const how = ["--moduleResolution", resolution, "--module", module];
    const flags = ["--noEmit", "--strict", "--target", "es2022", "--types", "node", "--preserveSymlinks"];
    const { status, stdout } = await runAny(process.execPath, [tsc, ...flags, ...how, source], {
      cwd: project,
    });
    expect({ resolution, status, said: stdout.toString() }).toEqual({ resolution, status: 0, said: "" });
  }
  // What TypeScript 5 reads with the resolution "node10", which TypeScript 7 no longer has.
  const installedPackage = join(project, "node_modules/kheaders");
  const manifest: unknown = JSON.parse(readFileSync(join(installedPackage, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ main: "./dist/index.mjs", types: "./dist/types/host/index.d.ts" });
  for (const path of ["dist/index.mjs", "dist/types/host/index.d.ts"])
    expect(existsSync(join(installedPackage, path))).toBe(true);
  const ask = 'import m from "kheaders/package.json" with { type: "json" }; console.log(m.version)';
  const { stdout } = await runAny(process.execPath, ["--no-warnings", "--input-type=module", "-e", ask], {
    cwd: project,
  });
  expect(stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it("installs globally with no network, brings no other package, and works", async () => {
  await run("npm", ["install", "--global", packed], options);
  expect(readdirSync(join(prefix, "lib/node_modules"))).toEqual(["kheaders"]);
  expect(readdirSync(join(prefix, "lib/node_modules/kheaders"))).not.toContain("node_modules");

  expect(existsSync(join(prefix, "share/man/man1/kheaders.1"))).toBe(true);
  expect((await installed(["--version"])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  await host.simulate({ release, archive: smallArchive(release) });
  const { status, stdout, stderr } = await installed(["pull"]);
  expect(status, stderr).toBe(0);
  expect(stdout.toString()).toMatch(/\/trees\/[0-9a-f]{64}\n$/);
});

/** The files that a page links to, as paths from the package's folder. */
function linkedFiles(page: string, markdown: string): string[] {
  return Array.from(markdown.matchAll(/\]\(([^)#\s]+)/g), ([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(page), target).replace(/\/$/, ""));
}

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
