import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualDevice } from "../lab/index.js";
import { isLoaded, kernelEvents } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { Workstation } from "../support/workstation.js";

const names = ["module", "built-in", "none", "restricted module", "restricted built-in"] as const;
type Name = (typeof names)[number];

let host: Workstation;
const devices = new Map<Name, VirtualDevice>();

beforeAll(async () => {
  host = await Workstation.open();
  await Promise.all(
    names.map(async (name) => {
      const flavour =
        name === "restricted module" ? "module" : name === "restricted built-in" ? "built-in" : name;
      const restricted = name.startsWith("restricted");
      const user = restricted ? "shell" : "root";
      devices.set(name, await host.boot({ flavour, restricted, user }));
    }),
  );
});
afterAll(() => host.close());

function device(name: Name): VirtualDevice {
  const booted = devices.get(name);
  if (booted === undefined) throw new Error(`no device ${name} was booted`);
  return booted;
}

/** The column HEADERS of each device. */
function headersIn({ stdout }: Outcome): Record<string, string | undefined> {
  const [heading = "", ...lines] = stdout.trimEnd().split("\n");
  const column = heading.indexOf("HEADERS");
  const end = heading.indexOf("CACHED");
  return Object.fromEntries(lines.map((line) => [line.split(" ")[0], line.slice(column, end).trim()]));
}

describe("the table", emulated, () => {
  it("tells of each device what it is, and how it offers its headers", async () => {
    const table = await host.kheaders(["devices"]);
    expect(table).toMatchObject({ status: 0, stderr: "" });
    expect(headersIn(table)).toEqual({
      [device("module").serial]: "module",
      [device("built-in").serial]: "built-in",
      [device("none").serial]: "none",
      [device("restricted module").serial]: "needs root",
      [device("restricted built-in").serial]: "needs root",
    });
    const { serial } = device("module");
    const release = (await host.shell(device("module"), "uname -r")).trim();
    const row = table.stdout.split("\n").find((line) => line.startsWith(serial));
    const fingerprint = "lab/virtual/virtual:14/LAB.1/module:userdebug/test-keys";
    expect(row?.split(/ {2,}/)).toEqual([serial, "device", "-", fingerprint, release, "module", "no"]);
  });

  it("tells that somebody has loaded the module", async () => {
    await host.shell(device("module"), "insmod /system/lib/modules/kheaders.ko");
    const table = await host.kheaders(["devices"]);
    expect(headersIn(table)).toMatchObject({ [device("module").serial]: "loaded" });
    expect(await isLoaded(host, device("module"))).toBe(true);
    await host.shell(device("module"), "rmmod kheaders");
  });

  it("is the same on a terminal that is wide enough", async () => {
    const piped = await host.kheaders(["devices"]);
    const env = { NO_COLOR: "1" };
    const wide = await host.kheaders(["devices"], { terminal: { of: "stdout", columns: 300 }, env });
    expect(wide.stdout).toBe(piped.stdout);
    const narrow = await host.kheaders(["devices"], { terminal: { of: "stdout", columns: 60 }, env });
    for (const line of narrow.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
    for (const { serial } of [device("module"), device("none")]) expect(narrow.stdout).toContain(serial);
  });
});

describe("asking", emulated, () => {
  it("loads no module", async () => {
    const before = await kernelEvents(host, device("module"));
    await host.kheaders(["devices"]);
    await host.kheaders(["devices", "--json"]);
    expect(await kernelEvents(host, device("module"))).toBe(before);
    expect(await isLoaded(host, device("module"))).toBe(false);
  });

  it("writes nothing into the cache", () => {
    expect(host.cacheContents()).toEqual([]);
  });
});

describe("with --json", emulated, () => {
  it("there is one object a device, each on a line", async () => {
    const { status, stdout } = await host.kheaders(["devices", "--json"]);
    expect(status).toBe(0);
    const objects: unknown[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects).toHaveLength(names.length);
    expect(objects).toContainEqual({
      serial: device("built-in").serial,
      state: "device",
      model: null,
      fingerprint: "lab/virtual/virtual:14/LAB.1/built-in:userdebug/test-keys",
      release: (await host.shell(device("built-in"), "uname -r")).trim(),
      version: (await host.shell(device("built-in"), "uname -v")).trim(),
      machine: "x86_64",
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
      headers: "built-in",
      cached: false,
      importable: null,
      error: null,
    });
  });

  it("the headers that were pulled are told as cached", async () => {
    const { serial } = device("built-in");
    expect(await host.kheaders(["pull", "-s", serial])).toMatchObject({ status: 0 });
    const { stdout } = await host.kheaders(["devices"]);
    expect(stdout).toMatch(new RegExp(`^${serial} .* built-in +yes$`, "m"));
  });
});
