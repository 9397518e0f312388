import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import { type Architecture, kernelPackages, sourceArchive, type VirtualDevice } from "../lab/index.js";
import { emulated } from "../support/emulated.js";
import { labArchitectures } from "../support/lab-architectures.js";
import { expectProbeModuleWorks, writeProbeModule } from "../support/probe-module.js";
import { withSlow } from "../support/thorough.js";
import { Workstation } from "../support/workstation.js";

/** Preparing a source compiles for a minute, and more beside other tests. */
const patient = { ...emulated, timeout: 1_500_000 };

let host: Workstation;
let folders = 0;

beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

/** The folders of Debian's linux-headers and linux-kbuild, where the command may read them; gives the first. */
async function linuxHeaders(architecture: Architecture): Promise<string> {
  const { root, headers } = await kernelPackages(architecture);
  const copy = host.folder(`packages-${architecture}-${folders++}`);
  await run("cp", ["-a", join(root, "usr"), copy]);
  await run("chmod", ["-R", "a+rX", copy]);
  return join(copy, "usr/src", basename(headers.arch));
}

/** Debian's linux-source, where the command may read it. */
async function linuxSource(architecture: Architecture): Promise<string> {
  const archive = await sourceArchive(await kernelPackages(architecture));
  const copy = join(host.folder(`source-${folders++}`), basename(archive));
  await run("cp", [archive, copy]);
  await run("chmod", ["a+r", copy]);
  return copy;
}

function probeFolder(): string {
  const folder = host.folder(`probe-${folders++}`);
  writeProbeModule(folder);
  return folder;
}

const what = "modules for kernels that offer headers alone";
const all = labArchitectures(what);
const isFirst = (architecture: Architecture) => architecture === "x86_64";
// A kernel's source is prepared for each, which compiles for a minute. Of arm64 little more than the compiler's name differs.
const architectures = withSlow(
  `${what} (arm64)`,
  all.filter(isFirst),
  all.filter((architecture) => !isFirst(architecture)),
);

describe.each(architectures)("a module for a kernel of %s that offers headers alone", (architecture) => {
  let device: VirtualDevice;
  /** A cache of its own: another architecture's source would be remembered for the series. */
  let cache: string;

  beforeAll(async () => {
    cache = host.folder(`cache-${architecture}`);
    device = await host.boot({ flavour: "module", architecture });
    // No module of the device uses what this one does.
    const { headers } = await kernelPackages(architecture);
    const versions = join(host.folder(`versions-${architecture}`), "Module.symvers");
    await run("cp", [join(headers.arch, "Module.symvers"), versions]);
    await run("chmod", ["a+r", versions]);
    const added = await host.kheaders([
      "-s",
      device.serial,
      "--cache-dir",
      cache,
      "symvers",
      "--add",
      versions,
    ]);
    expect(added.status, added.stderr).toBe(0);
  }, patient.timeout);

  const module = (...args: string[]) =>
    host.kheaders(["-s", device.serial, "--cache-dir", cache, "--timeout", "1400", "module", ...args]);

  it("wants a source, and says of which series", patient, async () => {
    const { status, stderr } = await module(probeFolder());
    expect(status).toBe(2);
    expect(stderr).toMatch(/come without a build system: name a kernel source of 6\.1 that lends its own/);
    expect(stderr).toContain("--kbuild");
  });

  it("is built with linux-headers and linux-kbuild, and works there", patient, async () => {
    const folder = probeFolder();
    const source = await linuxHeaders(architecture);
    const built = await module(folder, "--kbuild", source, "--json");
    expect(built.status, built.stderr).toBe(0);
    expect(JSON.parse(built.stdout)).toMatchObject({
      modules: [{ path: join(folder, "probe.ko"), unknownSymbols: [] }],
      kbuild: { source, differingHeaders: [] },
    });
    await expectProbeModuleWorks(host, device, folder);
  });

  it("is built with the kernel's source, which is prepared once, and works there", patient, async () => {
    const folder = probeFolder();
    const source = await linuxSource(architecture);
    const built = await module(folder, "--kbuild", source);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).toContain("Preparing a build system for this kernel");
    expect(built.stderr).not.toContain("kheaders: warning");
    await expectProbeModuleWorks(host, device, folder);
    // The source is remembered for the series.
    const again = probeFolder();
    const second = await module(again, "--json");
    expect(second.status, second.stderr).toBe(0);
    expect(second.stderr).not.toContain("Preparing");
    expect(JSON.parse(second.stdout).kbuild.source).toBe(source);
    await expectProbeModuleWorks(host, device, again);
  });
});

describe("what a kernel would refuse is refused with its reason, before anything is loaded", () => {
  /** Headers of packages, of a kernel that loads signed modules alone, and the digest of what was imported of them. */
  let source: string;
  let digest: string;

  beforeAll(async () => {
    const option = "CONFIG_MODULE_SIG_FORCE";
    source = await linuxHeaders("x86_64");
    appendFileSync(join(source, "include/generated/autoconf.h"), `#define ${option} 1\n`);
    appendFileSync(join(source, ".config"), `${option}=y\n`);
    const { status, stdout, stderr } = await host.kheaders(["import", source, "--json"]);
    expect(status, stderr).toBe(0);
    digest = JSON.parse(stdout).digest;
  }, patient.timeout);

  it("another series", patient, async () => {
    const other = host.folder("linux-5.15");
    writeFileSync(join(other, "Makefile"), "VERSION = 5\nPATCHLEVEL = 15\nSUBLEVEL = 9\n");
    const { status, stderr } = await host.kheaders([
      ...["module", probeFolder(), "--tree", digest, "--kbuild", other],
    ]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/linux-5\.15 is of Linux 5\.15\.9, and the kernel 6\.1\.0-\S+ is 6\.1\.\d+/);
  });

  it(
    "a signature that is missing, a symbol that is missing, and one of another version",
    patient,
    async () => {
      const folder = probeFolder();
      const file = join(folder, "probe.c");
      const text = readFileSync(file, "utf8").replace(
        "hits++;",
        "extern void no_such_function(void); no_such_function();",
      );
      writeFileSync(file, text);
      const built = await host.kheaders(["module", folder, "--tree", digest, "--kbuild", source]);
      expect(built.status, built.stderr).toBe(0);
      expect(built.stderr).toContain("the kernel loads signed modules alone");
      expect(built.stderr).toMatch(
        /probe\.ko needs symbols that the kernel and its modules do not export: no_such_function/,
      );
      const ko = join(folder, "probe.ko");
      const bytes = readFileSync(ko);
      // A symbol's version lies before its name (struct modversion_info).
      const at = bytes.indexOf("register_kprobe\0\0") - 8;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(ko, bytes);
      const checked = await host.kheaders(["check-module", ko, "--tree", digest, "--json"]);
      expect(checked.status).toBe(1);
      const { misfits } = JSON.parse(checked.stdout);
      expect(misfits).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ check: "signature", fits: "no" }),
          expect.objectContaining({ check: "symbols", fits: "no", symbols: ["no_such_function"] }),
          expect.objectContaining({ check: "versions", fits: "no", symbols: ["register_kprobe"] }),
        ]),
      );
    },
  );
});
