import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import {
  type GkiKernel,
  gkiKernel,
  gkiLlvm,
  hostPrograms,
  kernelPackages,
  sourceArchive,
  type VirtualDevice,
} from "../lab/index.js";
import { emulated } from "../support/emulated.js";
import { expectProbeModuleWorks, writeProbeModule } from "../support/probe-module.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { isThorough } from "../support/thorough.js";
import { Workstation } from "../support/workstation.js";

/** Why this cannot run here, or undefined if it can. */
function reasonNotToRun(): string | undefined {
  if (!isThorough) return "building its kernel takes long; ./scripts/test --all does";
  const missing = [...hostPrograms("arm64"), `clang-${gkiLlvm}`, `ld.lld-${gkiLlvm}`].filter(
    (name) => findProgram(name) === undefined,
  );
  return missing.length > 0 ? `there is no ${missing.join(" and no ")}` : undefined;
}

const reason = reasonNotToRun();
if (reason !== undefined) skipBecause(reason, "a module for a kernel as Android's generic one");
else describe("a module for a kernel as Android's generic one", gki);

function gki(): void {
  const patient = { ...emulated, timeout: 1_500_000 };
  let host: Workstation;
  let device: VirtualDevice;
  let kernel: GkiKernel;
  let source: string;
  let folders = 0;

  beforeAll(async () => {
    host = await Workstation.open();
    kernel = await gkiKernel();
    const archive = await sourceArchive(await kernelPackages("arm64"));
    const files = host.folder("files");
    source = join(files, basename(archive));
    await run("cp", [archive, kernel.symvers, files]);
    await run("chmod", ["-R", "a+rX", files]);
    device = await host.boot({ flavour: "module", architecture: "arm64", kernel: "gki" });
    const versions = join(files, basename(kernel.symvers));
    const added = await host.kheaders(["-s", device.serial, "symvers", "--add", versions]);
    expect(added.status, added.stderr).toBe(0);
  }, 4_000_000);
  afterAll(() => host.close());

  const module = (...args: string[]) =>
    host.kheaders(["-s", device.serial, "--timeout", "1400", "module", ...args]);

  function probeFolder(): string {
    const folder = host.folder(`probe-${folders++}`);
    writeProbeModule(folder);
    return folder;
  }

  it(
    "is not built with a compiler that its kCFI does not go with, unless that is forced",
    patient,
    async () => {
      const { status, stderr } = await module(probeFolder(), "--kbuild", source, "--", "CC=gcc");
      expect(status).toBe(2);
      expect(stderr).toMatch(
        /the kernel was built with clang 16, and gcc is GCC \d+: the kernel has kCFI, so/,
      );
      expect(stderr).toContain("--force");
    },
  );

  it(
    "is built from its headers alone, loaded with no forcing, and called through pointers",
    patient,
    async () => {
      expect((await host.shell(device, "uname -r")).trim()).toBe(kernel.release);
      const folder = probeFolder();
      const built = await module(folder, "--kbuild", source, "--json");
      expect(built.status, built.stderr).toBe(0);
      expect(JSON.parse(built.stdout)).toMatchObject({
        release: kernel.release,
        modules: [{ path: join(folder, "probe.ko"), unknownSymbols: [] }],
        kbuild: { source, differingHeaders: [] },
      });
      const checked = await host.kheaders(["-s", device.serial, "check-module", join(folder, "probe.ko")]);
      expect(checked, checked.stdout).toMatchObject({ status: 0 });
      await expectProbeModuleWorks(host, device, folder);
      expect(await host.shell(device, "dmesg")).not.toContain("CFI failure");
    },
  );

  it(
    "is ended by the kernel where it calls a function of another type: kCFI is in force",
    patient,
    async () => {
      const folder = probeFolder();
      const file = join(folder, "probe.c");
      const text = readFileSync(file, "utf8");
      const wrong = text.replace(
        "int (*volatile function)(void *) = work",
        "void (*volatile function)(long) = (void *)work",
      );
      expect(wrong).not.toBe(text);
      writeFileSync(
        file,
        wrong.replace("thread = kthread_run(function,", "function(0);\n\tthread = kthread_run(work,"),
      );
      const built = await module(folder);
      expect(built.status, built.stderr).toBe(0);
      const target = "/data/local/tmp/wrong.ko";
      await host.adb.adb("-s", device.serial, "push", join(folder, "probe.ko"), target);
      const log = await host.shell(device, `insmod ${target} >/dev/null 2>&1; dmesg`);
      expect(log).toContain("CFI failure");
    },
  );
}
