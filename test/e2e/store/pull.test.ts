import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Registry, startRegistry } from "../../lab/index.js";
import { farmKernel, objectsIn } from "../../support/farm.js";
import type { Outcome } from "../../support/kheaders.js";
import { smallArchive } from "../../support/small-archive.js";
import { Workstation } from "../../support/workstation.js";

let host: Workstation;
let registry: Registry;

beforeAll(async () => {
  host = await Workstation.open();
  registry = await startRegistry();
});
afterAll(async () => {
  await host?.close();
  await registry?.stop();
});

const unloaded = { loads: 0, unloads: 0 };
const jsonOf = ({ stdout }: Outcome) => JSON.parse(stdout);

/** Another host of the lab: a cache of its own. */
const otherHost = (name: string) => ["--cache-dir", join(host.root, "home", name)];

describe.each([
  ["a registry", () => `oci://${registry.host}/lab/kernels`],
  ["a folder", () => `oci:${join(host.root, "home", "store")}`],
])("%s", (_, address) => {
  const release = "6.6.40-android15-8-gaaaaaaaaaaaa-ab12345679-4k";
  const kernel = farmKernel(release);
  let store: string[];
  beforeAll(() => {
    store = ["--store", address()];
  });

  it("is filled by the pull of one host, and serves a device that gives no headers and has no root to another host", async () => {
    const first = await host.simulate(kernel.options);
    const pulled = await host.kheaders([
      "-s",
      first.serial,
      "pull",
      "--json",
      ...store,
      "--store-write",
      ...otherHost(`1${_}`),
    ]);
    expect(pulled.status, pulled.stderr).toBe(0);
    expect(pulled.stderr).not.toContain("warning");
    expect(jsonOf(pulled)).toMatchObject({ cache: "miss", source: "module", proof: null });

    const listed = await host.kheaders(["store", "ls", "--json", ...store]);
    expect(objectsIn(listed.stdout)).toMatchObject([
      { release, digest: kernel.digest, parts: ["config"], tags: [expect.stringMatching(/^kernel-/)] },
    ]);
    expect((await host.kheaders(["store", "verify", ...store])).stdout).toBe(
      "checked 3 manifests and blobs: no problems\n",
    );

    const second = await host.simulate({ release, user: "shell", fingerprint: "other/system:1" });
    const served = await host.kheaders([
      "-s",
      second.serial,
      "pull",
      "--json",
      ...store,
      ...otherHost(`2${_}`),
    ]);
    expect(served.status, served.stderr).toBe(0);
    expect(jsonOf(served)).toMatchObject({
      cache: "miss",
      source: "store",
      proof: "version-and-config",
      digest: kernel.digest,
    });
    expect(await second.counts()).toEqual(unloaded);
    // From then on it is in that host's cache, with no store.
    const again = await host.kheaders(["-s", second.serial, "pull", "--json", ...otherHost(`2${_}`)]);
    expect(jsonOf(again)).toMatchObject({ cache: "hit", proof: "boot", source: "store" });
    await second.reboot();
    await host.adb.connect(second.serial);
    const rebooted = await host.kheaders([
      "-s",
      second.serial,
      "--wait=20",
      "pull",
      "--json",
      ...otherHost(`2${_}`),
    ]);
    expect(jsonOf(rebooted)).toMatchObject({ cache: "hit", proof: "version-and-config" });
  });

  it("has what was imported, for the device that it was built for and for no other", async () => {
    const ci = "6.6.41-ci";
    const out = host.folder(`out-${_}`);
    const archive = join(out, "kheaders.tar.xz");
    writeFileSync(archive, smallArchive(ci, { macros: ["CONFIG_IKCONFIG 1"] }));
    const imported = await host.kheaders([
      "import",
      archive,
      ...store,
      "--store-write",
      ...otherHost(`ci${_}`),
    ]);
    expect(imported.status, imported.stderr).toBe(0);
    // Headers alone do not say the version, and without it nothing proves them.
    const device = await host.simulate({ release: ci, config: "CONFIG_IKCONFIG=y\n", user: "shell" });
    const refused = await host.kheaders(["-s", device.serial, "pull", ...store, ...otherHost(`3${_}`)]);
    expect(refused.status).toBe(4);
  });
});

describe("a store that fails", () => {
  it("costs a warning, and the device is pulled from", async () => {
    const { serial } = await host.simulate(farmKernel("6.6.42-fails").options);
    const down = await startRegistry();
    await down.stop();
    const store = ["--store", `oci://${down.host}/lab/kernels`, "--store-write", "--json"];
    const pulled = await host.kheaders(["-s", serial, "pull", ...store, ...otherHost("down")]);
    expect(pulled.status, pulled.stderr).toBe(0);
    expect(jsonOf(pulled)).toMatchObject({ cache: "miss", source: "module" });
    expect(pulled.stderr).toMatch(/warning: the store was not used: .*connection refused/);
    expect(pulled.stderr).toMatch(/warning: the headers were not stored: /);
  });

  it("is not asked on a hit, nor with --refresh and --offline", async () => {
    const { serial } = await host.simulate(farmKernel("6.6.43-quiet").options);
    const pull = (...more: string[]) => host.kheaders(["-s", serial, "pull", ...more, ...otherHost("quiet")]);
    expect((await pull()).status).toBe(0);
    const store = ["--store", "oci://127.0.0.1:1/lab/kernels"];
    for (const more of [[], ["--offline"], ["--refresh"]]) {
      const { status, stderr } = await pull(...store, ...more);
      expect({ status, stderr: stderr.replace(/^(Transferring|kheaders: Transferring).*\n/gm, "") }).toEqual({
        status: 0,
        stderr: "",
      });
    }
  });

  it("is a mistake to report if its address is not one, hit or not", async () => {
    const { status, stderr } = await host.kheaders(["pull", "--store", "http://registry/kernels"]);
    expect(status).toBe(2);
    expect(stderr).toContain("--store: invalid store");
    const variable = await host.kheaders(["pull"], { env: { KHEADERS_STORE: "x" } });
    expect(variable.stderr).toContain("KHEADERS_STORE: invalid store");
    expect((await host.kheaders(["pull", "--store-write"])).stderr).toContain(
      "--store-write is given, but no store",
    );
    expect((await host.kheaders(["store", "ls"])).stderr).toContain("no store is given");
  });
});

describe("the configuration file", () => {
  it("names the store once and for all", async () => {
    const kernel = farmKernel("6.6.44-config");
    const { serial } = await host.simulate(kernel.options);
    const folder = host.folder("config");
    mkdirSync(join(folder, "kheaders"));
    const settings = { store: `oci://${registry.host}/lab/configured`, "store-write": true };
    writeFileSync(join(folder, "kheaders", "kheaders.json"), JSON.stringify(settings));
    const env = { XDG_CONFIG_HOME: folder };
    expect((await host.kheaders(["-s", serial, "pull", ...otherHost("config")], { env })).status).toBe(0);
    const { stdout } = await host.kheaders(["store", "ls", "--json"], { env });
    expect(objectsIn(stdout)).toMatchObject([{ digest: kernel.digest }]);
    const none = await host.kheaders(["store", "ls"], { env: { ...env, KHEADERS_STORE: "" } });
    expect(none.stderr).toContain("no store is given");
    writeFileSync(join(folder, "kheaders", "kheaders.json"), "{");
    const { status, stderr } = await host.kheaders(["cache", "dir"], { env });
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("kheaders.json cannot be used"),
    });
  });
});
