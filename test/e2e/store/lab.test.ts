import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lightModule, type Registry, startRegistry } from "../../lab/index.js";
import { kernelPackages } from "../../lab/packages.js";
import { isLoaded } from "../../support/device-state.js";
import { emulated } from "../../support/emulated.js";
import { farmKernel, objectsIn } from "../../support/farm.js";
import type { Outcome, RunningKheaders } from "../../support/kheaders.js";
import { type RegistryFront, startFront } from "../../support/registry-front.js";
import { labPassword } from "../../support/registry-user.js";
import { Workstation } from "../../support/workstation.js";

let host: Workstation;
beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

const jsonOf = ({ stdout }: Outcome) => JSON.parse(stdout);
const otherHost = (name: string) => ["--cache-dir", join(host.root, "home", name)];

/** A folder with docker's credentials for a registry. */
function dockerConfig(name: string, registry: string, password: string): string {
  const folder = host.folder(name);
  const auth = Buffer.from(`${labPassword.username}:${password}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry]: { auth } } }));
  return folder;
}

describe("a registry with users, behind TLS and a token server", () => {
  const kernel = farmKernel("6.6.50-tls");
  let registry: Registry;
  let front: RegistryFront;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    registry = await startRegistry();
    const folder = host.folder("front");
    chmodSync(folder, 0o755);
    front = await startFront(registry.host, folder);
    env = {
      KHEADERS_STORE: `oci://${front.host}/lab/kernels`,
      NODE_EXTRA_CA_CERTS: front.authority,
      DOCKER_CONFIG: dockerConfig("docker", front.host, labPassword.password),
    };
  });
  afterAll(async () => {
    front?.close();
    await registry?.stop();
  });

  it("is filled with the credentials that docker keeps, and serves a device without root and headers to another host", async () => {
    const first = await host.simulate(kernel.options);
    const pulled = await host.kheaders(["-s", first.serial, "pull", "--store-write", ...otherHost("a")], {
      env,
    });
    expect({ status: pulled.status, warnings: /warning/.test(pulled.stderr) }, pulled.stderr).toEqual({
      status: 0,
      warnings: false,
    });
    expect(front.tokens()).toBeGreaterThan(0);
    const second = await host.simulate({ release: kernel.options.release, user: "shell" });
    const served = await host.kheaders(["-s", second.serial, "pull", "--json", ...otherHost("b")], { env });
    expect(jsonOf(served)).toMatchObject({ source: "store", digest: kernel.digest });
    expect(await second.counts()).toEqual({ loads: 0, unloads: 0 });
    expect((await host.kheaders(["store", "verify"], { env })).status).toBe(0);
  });

  it("does not let a host write that has other credentials, which is a warning for its pull", async () => {
    const other = { ...env, DOCKER_CONFIG: dockerConfig("stranger", front.host, "guess") };
    const device = await host.simulate(farmKernel("6.6.51-tls").options);
    const pulled = await host.kheaders(["-s", device.serial, "pull", "--store-write", ...otherHost("c")], {
      env: other,
    });
    expect(pulled.status).toBe(0);
    expect(pulled.stderr).toMatch(/warning: the headers were not stored: .*denies access.*docker login/s);
    const pushed = await host.kheaders(["store", "push", "--all", "--json", ...otherHost("c")], {
      env: other,
    });
    expect(pushed.status).toBe(5);
    expect(jsonOf(pushed)).toMatchObject({ error: { code: "store-denied" } });
  });

  it("is not trusted if its certificate is not", async () => {
    const { NODE_EXTRA_CA_CERTS: _, ...without } = env;
    const { status, stderr } = await host.kheaders(["store", "ls"], { env: without });
    expect(status).toBe(6);
    expect(stderr).toMatch(/self.signed certificate/i);
  });
});

describe("a kernel without headers", emulated, () => {
  it("is served by what a CI imported from its build, to a device that nobody may root", async () => {
    const registry = await startRegistry();
    try {
      const store = ["--store", `oci://${registry.host}/lab/kernels`];
      const build = host.folder("build");
      const { kheaders } = await lightModule();
      const { root, release } = await kernelPackages("x86_64");
      copyFileSync(kheaders, join(build, "kheaders.ko"));
      copyFileSync(join(root, "boot", `vmlinuz-${release}`), join(build, "vmlinuz"));
      for (const name of ["kheaders.ko", "vmlinuz"]) chmodSync(join(build, name), 0o644);
      const imported = await host.kheaders(["import", build, "--store-write", ...store, ...otherHost("ci")]);
      expect(imported.status, imported.stderr).toBe(0);
      expect(imported.stderr).not.toContain("warning");

      const device = await host.boot({ flavour: "none", user: "shell", restricted: true });
      const pull = (cache: string, ...more: string[]) =>
        host.kheaders(["-s", device.serial, "pull", "--json", "--no-su", ...otherHost(cache), ...more]);
      expect([4, 5]).toContain((await pull("without")).status);
      const served = await pull("with", ...store);
      expect(served.status, served.stderr).toBe(0);
      expect(jsonOf(served)).toMatchObject({ source: "store", proof: "version-and-config", release });
      expect(await isLoaded(host, device)).toBe(false);
    } finally {
      await registry.stop();
    }
  });
});

describe("hosts that share a store", () => {
  it("transfer a kernel once each at most, if they begin at the same time", async () => {
    const registry = await startRegistry();
    try {
      const store = ["--store", `oci://${registry.host}/lab/kernels`, "--store-write", "--json"];
      const kernel = farmKernel("6.6.59-together");
      const device = await host.simulate(kernel.options);
      const pull = (name: string) =>
        host.kheaders(["-s", device.serial, "pull", ...store, ...otherHost(name)]);
      const outcomes = await Promise.all([pull("one"), pull("other")]);
      for (const outcome of outcomes) {
        expect(outcome.status, outcome.stderr).toBe(0);
        expect(outcome.stderr).not.toContain("warning");
        expect(jsonOf(outcome)).toMatchObject({ digest: kernel.digest });
      }
      expect([1, 2]).toContain((await device.counts()).loads);
    } finally {
      await registry.stop();
    }
  });

  it("are filled and served by watch", async () => {
    const registry = await startRegistry();
    try {
      const kernel = farmKernel("6.6.58-watch");
      const watch = (name: string, ...more: string[]) =>
        host.start([
          "watch",
          "--json",
          "--store",
          `oci://${registry.host}/lab/kernels`,
          ...more,
          ...otherHost(name),
        ]);
      const pulled = async (watching: RunningKheaders) => {
        await watching.says(/"event":"pulled"/);
        watching.signal("SIGTERM");
        const events = objectsIn((await watching.ended).stdout);
        return events.find(({ event }) => event === "pulled");
      };
      const first = await host.simulate(kernel.options);
      expect(await pulled(watch("watch-a", "--store-write", "-s", first.serial))).toMatchObject({
        source: "module",
      });
      const second = await host.simulate({ release: kernel.options.release, user: "shell" });
      expect(await pulled(watch("watch-b", "-s", second.serial))).toMatchObject({
        source: "store",
        digest: kernel.digest,
      });
      expect(await second.counts()).toEqual({ loads: 0, unloads: 0 });
    } finally {
      await registry.stop();
    }
  });

  it("cause one transfer a kernel in all, 8 hosts that pull 8 kernels, and each gets the right headers", async () => {
    const registry = await startRegistry();
    try {
      const store = ["--store", `oci://${registry.host}/lab/kernels`, "--store-write", "--json"];
      const kernels = Array.from({ length: 8 }, (_, number) => farmKernel(`6.6.${60 + number}-many`));
      const devices = await Promise.all(kernels.map(({ options }) => host.simulate(options)));
      const pull = (first: number, step: number) =>
        host.kheaders([
          "-s",
          devices[(first + step) % 8]?.serial ?? "",
          "pull",
          ...store,
          ...otherHost(`many-${first}`),
        ]);
      const outcomes: Outcome[] = [];
      // At each step the hosts pull different kernels; at the next one what another host has stored.
      for (let step = 0; step < 8; step += 1)
        outcomes.push(...(await Promise.all(kernels.map((_, first) => pull(first, step)))));
      expect(outcomes.filter(({ status }) => status !== 0)).toEqual([]);
      const results = outcomes.flatMap(({ stdout }) => objectsIn(stdout));
      const digests = new Map(kernels.map(({ options, digest }) => [options.release, digest]));
      for (const { release, digest } of results) expect(digest).toBe(digests.get(release as string));
      for (const [number, device] of devices.entries()) {
        const { loads, unloads } = await device.counts();
        // A store that is slow, as on a busy machine, costs a warning and one transfer more.
        const ofDevice = outcomes.filter((_, index) => (index + Math.floor(index / 8)) % 8 === number);
        const warned = ofDevice.filter(({ stderr }) =>
          /warning: the (store was not used|headers were not stored)/.test(stderr),
        ).length;
        expect(loads, ofDevice.map(({ stderr }) => stderr).join("")).toBeLessThanOrEqual(1 + warned);
        expect(loads).toBeGreaterThan(0);
        expect(unloads).toBe(loads);
      }
    } finally {
      await registry.stop();
    }
  });
});
