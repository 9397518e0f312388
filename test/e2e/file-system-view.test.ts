import { accessSync, chmodSync, constants, copyFileSync, existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runAny } from "../lab/command.js";
import { docExamples } from "../support/doc-examples.js";
import { builtCommand } from "../support/kheaders.js";
import { labKernel } from "../support/lab-kernel.js";
import { findProgram } from "../support/programs.js";
import { repository } from "../support/repository.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const examples = docExamples("docs/file-system-view.md");
const title = "the commands of docs/file-system-view.md";
const missing = ["clang", "llc", "xz", "tar2sqfs", "squashfuse", "fusermount3"].find(
  (name) => findProgram(name) === undefined,
);

/** Whether whoever runs the tests may mount: for a command of theirs, not for the user that other tests run commands as. */
function mayMount(): boolean {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

if (missing !== undefined) skipBecause(`there is no ${missing}`, title);
else if (!mayMount()) skipBecause("/dev/fuse cannot be opened", title);
else {
  let host: Workstation;
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    host = await Workstation.open();
    const { archive, release } = await labKernel();
    await host.simulate({ archive, release, config: undefined });
    folder = host.folder("view");
    copyFileSync(join(repository, "docs/examples/prog.c"), join(folder, "prog.c"));
    const bin = host.folder("bin");
    writeFileSync(join(bin, "kheaders"), `#!/bin/sh\nexec "${process.execPath}" "${builtCommand}" "$@"\n`);
    chmodSync(join(bin, "kheaders"), 0o755);
    env = {
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      HOME: folder,
      KHEADERS_CACHE_DIR: join(folder, "cache"),
      ANDROID_ADB_SERVER_PORT: String(host.adb.port),
    };
  });
  afterAll(async () => {
    await runAny("fusermount3", ["-q", "-u", join(folder, "headers")], {});
    await host.close();
  });

  it("work as they stand there, and compile against the image", async () => {
    expect(examples.length).toBeGreaterThan(4);
    for (const { command } of examples) {
      const { status, stderr } = await runAny("sh", ["-c", command], { cwd: folder, env });
      expect({ command, status, stderr: status === 0 ? "" : stderr }).toEqual({
        command,
        status: 0,
        stderr: "",
      });
    }
    expect(existsSync(join(folder, "prog.o"))).toBe(true);
    expect(existsSync(join(folder, "headers/include"))).toBe(false);
  });
}
