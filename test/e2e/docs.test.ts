import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docExamples, pages, reasonNotToRun } from "../support/doc-examples.js";
import { emulated } from "../support/emulated.js";
import { builtCommand, commandUser } from "../support/kheaders.js";
import { repository } from "../support/repository.js";
import { Workstation } from "../support/workstation.js";

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
  until?: RegExp,
): Promise<{ status: number; output: string }> {
  const shell = spawn("sh", ["-c", command], {
    ...commandUser,
    cwd,
    env,
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

describe.each(pages.filter((page) => docExamples(page).length > 0))(
  "the examples in %s",
  emulated,
  (page) => {
    let folder: string;

    beforeAll(() => {
      folder = host.folder(page.replaceAll("/", "-"));
      for (const name of ["prog.c", "core.c", "hello"])
        cpSync(join(repository, "docs/examples", name), join(folder, name), { recursive: true });
      // The build writes beside the sources.
      const { uid, gid } = commandUser;
      if (uid !== undefined && gid !== undefined) chownSync(join(folder, "hello"), uid, gid);
    });

    it.each(docExamples(page))("$command", async ({ command }) => {
      const reason = reasonNotToRun(command);
      if (reason !== undefined) {
        console.warn(`not run: ${command}: ${reason}`);
        return;
      }
      const stays = command.startsWith("kheaders watch");
      const until = command.includes("--exec") ? /command ended with status 0/ : /: done: /;
      const { status, output } = await run(command, folder, stays ? until : undefined);
      // A shell that a signal ends has no status.
      expect(stays ? [143, null] : [0], output).toContain(status);
    });
  },
);
