import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docExamples, pages, pagesWithTests, reasonNotToRun } from "../support/doc-examples.js";
import { emulated } from "../support/emulated.js";
import { commandIn, documentedObjects } from "../support/json-docs.js";
import { builtCommand, commandUser } from "../support/kheaders.js";
import { readRepositoryFile, repository } from "../support/repository.js";
import { Workstation } from "../support/workstation.js";

/** Its examples are run with a store, in place of the registry that it names. */
const pageOfStores = "docs/lab.md";

let host: Workstation;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  host = await Workstation.open();
  await host.boot({ flavour: "proc" });
  const bin = host.folder("bin");
  const kheaders = join(bin, "kheaders");
  writeFileSync(kheaders, `#!/bin/sh\nexec "${process.execPath}" "${builtCommand}" "$@"\n`);
  chmodSync(kheaders, 0o755);
  env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    HOME: host.folder("home-of-examples"),
    ANDROID_ADB_SERVER_PORT: String(host.adb.port),
  };
});
afterAll(() => host.close());

/** Runs a command in a shell. One that would stay for ever is ended once it has said what `until` matches. */
async function run(
  command: string,
  cwd: string,
  until: RegExp | undefined,
  more: NodeJS.ProcessEnv,
): Promise<{ status: number; output: string }> {
  const shell = spawn("sh", ["-c", command], {
    ...commandUser,
    cwd,
    env: { ...env, ...more },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (until?.test(output) && shell.pid !== undefined && shell.exitCode === null)
        process.kill(-shell.pid, "SIGTERM");
    });
  const [status] = await once(shell, "close");
  return { status, output };
}

/** Runs a command line, and counts it as tried if it printed something. */
async function printJson(...args: string[]): Promise<void> {
  // What it prints is compared with docs/json.md for each command that the tests run.
  const { status, stdout, stderr } = await host.kheaders([...args, "--json"], { cwd: jsonFolder });
  expect({ args, status, stderr: status === 0 ? "" : stderr }).toEqual({ args, status: 0, stderr: "" });
  expect(stdout).not.toBe("");
  printed.add(commandIn(documented, args));
}

const documented = documentedObjects(readRepositoryFile("docs/json.md"));
/** test/e2e/compile.test.ts prints what `check` does: of all headers, it takes long. */
const printed = new Set<string | undefined>(["check"]);
let jsonFolder: string;

describe("what docs/json.md says", emulated, () => {
  beforeAll(() => {
    jsonFolder = host.folder("json");
    copyExamples(jsonFolder);
  });

  it.each([
    ["pull"],
    ["pull", "--all"],
    ["devices"],
    ["doctor"],
    ["info"],
    ["info", "--config"],
    ["env"],
    ["cflags", "--bpf"],
    ["bpf", "prog.c"],
    ["pch", "--bpf", "linux/sched.h"],
    ["btf", "--from", "headers"],
    ["layout", "task_struct"],
    ["layout", "task_struct.pid"],
    ["symvers"],
    ["module", "hello"],
    ["check-module", "hello/hello.ko"],
    ["unload"],
    ["bpf", "--core", "core.c"],
    ["pull", "--archive", "kheaders.tar.xz"],
    ["import", "kheaders.tar.xz"],
    ["completion", "bash"],
    ["cache", "dir"],
    ["cache", "info"],
    ["cache", "ls"],
    ["cache", "verify"],
    ["cache", "prune", "--older-than", "30d"],
    ["cache", "rm", "--all"],
  ])("is what is printed by: kheaders %s %s %s", async (...args) => {
    await printJson(...args);
  });

  it("is what diff prints of a kernel and itself", async () => {
    const digest: string = JSON.parse((await host.kheaders(["pull", "--json"])).stdout).digest;
    await printJson("diff", digest, "--config", "--headers", "--struct", "task_struct");
  });

  it("is what the commands of the store print", async () => {
    const store = ["--store", `oci:${join(jsonFolder, "store")}`];
    const { digest } = JSON.parse((await host.kheaders(["pull", "--json"])).stdout);
    for (const args of [["push", digest], ["ls"], ["verify"], ["pull", digest]])
      await printJson("store", ...args, ...store);
  });

  it("is what watch prints, and an error", async () => {
    const watch = host.start(["watch", "--json", "--exec", "true"]);
    await watch.says(/"command-ended"/);
    watch.signal("SIGTERM");
    await watch.ended;
    printed.add("watch");
    expect((await host.kheaders(["info", "no-such-tree", "--json"])).stdout).toContain('"error"');
  });

  it("was tried for every command", () => {
    const commands = [...documented].filter(([name, keys]) => keys.length > 0 && /^[a-z -]+$/.test(name));
    expect(commands.map(([name]) => name).filter((name) => !printed.has(name))).toEqual([]);
  });
});

/** Puts the files that the examples use into a folder. */
function copyExamples(folder: string): void {
  for (const name of ["prog.c", "core.c", "hello"])
    cpSync(join(repository, "docs/examples", name), join(folder, name), { recursive: true });
  // Programs find kheaders from where they are; the build writes beside its sources.
  symlinkSync(join(repository, "docs/examples"), join(folder, "examples"));
  const { uid, gid } = commandUser;
  if (uid !== undefined && gid !== undefined) chownSync(join(folder, "hello"), uid, gid);
}

describe.each(pages.filter((page) => docExamples(page).length > 0 && !(page in pagesWithTests)))(
  "the examples in %s",
  emulated,
  (page) => {
    let folder: string;

    beforeAll(() => {
      folder = host.folder(page.replaceAll("/", "-"));
      copyExamples(folder);
    });

    it.each(docExamples(page))("$command", async ({ command }) => {
      const reason = reasonNotToRun(command);
      if (reason !== undefined) {
        console.warn(`not run: ${command}: ${reason}`);
        return;
      }
      const stays = /^kheaders watch|watch\.mjs/.test(command);
      const until = command.includes("--exec") ? /command ended with status 0/ : /: done: |\/trees\//;
      const { status, output } = await run(
        command,
        folder,
        stays ? until : undefined,
        page === pageOfStores ? { KHEADERS_STORE: `oci:${folder}/store` } : {},
      );
      // A shell that a signal ends has no status.
      expect(stays ? [143, null] : [0], output).toContain(status);
    });
  },
);
