import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import { procModule, type VirtualDevice } from "../lab/index.js";
import { isLoaded } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { Workstation } from "../support/workstation.js";

const hello = fileURLToPath(new URL("../../docs/examples/hello", import.meta.url));

let host: Workstation;
let device: VirtualDevice;
let pulled: Outcome;
/** A writable copy of the tree. */
let copy: string;

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.boot({ flavour: "proc" });
  copy = join(host.folder("copies"), "tree");
  pulled = await host.kheaders(["pull", "-o", copy, "--json"]);
});
afterAll(() => host.close());

describe("a device with the original patch's archive", emulated, () => {
  it("gives it out of /proc, and is left as it was", async () => {
    expect(pulled.status, pulled.stderr).toBe(0);
    const { archive } = JSON.parse(pulled.stdout);
    expect(JSON.parse(pulled.stdout)).toMatchObject({ cache: "miss", source: "module", unloaded: true });
    expect(readFileSync(archive).equals(readFileSync((await procModule()).archive))).toBe(true);
    expect(await isLoaded(host, device)).toBe(false);
    expect(await host.shell(device, "ls /proc")).not.toContain("kheaders");
  });

  it("gives a tree that builds modules", async () => {
    const { status, stdout } = await host.kheaders(["info", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ flavour: "modules", machine: "x86_64" });
  });

  it("refuses a module that was built without symbol versions", async () => {
    const folder = join(host.folder("modules"), "hello");
    cpSync(hello, folder, { recursive: true });
    await run("make", ["-C", copy, `M=${folder}`, "CC=gcc", "modules"]);
    const target = "/data/local/tmp/hello.ko";
    await host.adb.adb("-s", device.serial, "push", join(folder, "hello.ko"), target);
    await expect(host.shell(device, `insmod ${target}`)).rejects.toThrow(/Exec format error/);
    expect(await host.shell(device, "dmesg")).toContain("hello: no symbol version for module_layout");
  });
});
