import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { farmKernel } from "../support/farm.js";
import { builtCommand, programPath } from "../support/kheaders.js";
import { TmuxTerminal } from "../support/tmux.js";
import { Workstation } from "../support/workstation.js";

const first = farmKernel("6.1.57-android14-11-gc0ffee123456-ab11223344");
const second = farmKernel("6.6.30-android15-8-g0123456789ab-ab12345678-4k");
const slow = { loadDelay: 5 };

let host: Workstation;
let devices: readonly SimulatedDevice[];
let bin: string;

beforeAll(async () => {
  host = await Workstation.open();
  devices = await Promise.all([
    host.simulate({ ...first.options, properties: { "ro.product.model": "A phone with a long name" } }),
    host.simulate(second.options),
  ]);
  bin = host.folder("bin");
  writeFileSync(join(bin, "kheaders"), `#!/bin/sh\nexec '${process.execPath}' '${builtCommand}' "$@"\n`);
  chmodSync(join(bin, "kheaders"), 0o755);
  // The cache has something to list.
  expect(await host.kheaders(["pull", "--all"])).toMatchObject({ status: 0 });
});
afterAll(() => host.close());

/** What is meant to be copied is not broken by us: a terminal joins it again. */
const treePath = /\/trees\/[0-9a-f]{64}$/;

describe.each([60, 80, 200])("on a terminal of %d columns", (columns) => {
  let terminal: TmuxTerminal;

  beforeAll(() => {
    terminal = TmuxTerminal.open({
      columns,
      command: [programPath("bash"), "--norc"],
      env: {
        HOME: host.folder(`home-${columns}`),
        PATH: `${bin}:${process.env.PATH}`,
        LANG: "C.UTF-8",
        TERM: "xterm",
        PS1: "> ",
        ANDROID_ADB_SERVER_PORT: String(host.adb.port),
        KHEADERS_CACHE_DIR: host.cache,
      },
      cwd: host.root,
      folder: join(host.folder(`tmux-${columns}`), "tmux"),
    });
  });
  afterAll(() => terminal.close());

  function start(command: string): void {
    terminal.type(`clear; kheaders ${command}; echo "status $?"`);
    terminal.press("Enter");
  }

  /** Waits for the end of the command. @returns what stands on the screen, and asserts that all of it fits. */
  async function ended(status: number): Promise<string[]> {
    const lines = await terminal.shows(new RegExp(`status ${status}\\n>$`));
    const end = lines.findIndex((line) => line.endsWith(`status ${status}`));
    const shown = lines.slice(0, end).filter((line) => !line.startsWith("> "));
    await terminal.clear();
    const wide = shown.filter((line) => line.length > columns && !treePath.test(line));
    // A word that is longer than its line has that line for itself.
    expect(wide.filter((line) => line.trim().includes(" "))).toEqual([]);
    return shown;
  }

  it("help fits", async () => {
    start("--help");
    const lines = await ended(0);
    expect(lines).toContain("Get headers:");
    // Each command has a line of its own from 80 columns on.
    if (columns >= 80) expect(lines.filter((line) => line.startsWith("  pull "))).toHaveLength(1);
  });

  it("devices fits, and names all devices and their releases", async () => {
    start("devices");
    const lines = await ended(0);
    expect(lines).toHaveLength(1 + devices.length);
    for (const { serial } of devices) expect(lines.join("\n")).toContain(serial);
    expect(lines.join("\n")).toContain(columns === 200 ? second.options.release : "6.6.30-android15-");
  });

  it("cache ls fits, and names digests and releases", async () => {
    start("cache ls");
    const lines = await ended(0);
    expect(lines).toHaveLength(1 + 2);
    for (const { digest } of [first, second]) expect(lines.join("\n")).toContain(digest.slice(0, 12));
  });

  it("pull shows the path of the tree, and nothing else at the end", async () => {
    start(`pull --refresh -s ${devices[0]?.serial}`);
    const lines = await ended(0);
    expect(lines).toEqual([expect.stringMatching(treePath)]);
  });

  it("pull --all ends with a line for each device, and a sum", async () => {
    start("pull --all --refresh");
    const lines = await ended(0);
    for (const { serial } of devices) {
      expect(lines.filter((line) => line.startsWith(`${serial}  done:`))).toHaveLength(1);
    }
    expect(lines.at(-1)).toMatch(/^2 devices: 2 transferred/);
  });

  it("Ctrl-C leaves the live lines whole", async () => {
    await Promise.all(devices.map((device) => device.setFaults(slow)));
    try {
      start("pull --all --refresh");
      // Nothing is told meanwhile, but time passes.
      for (const { serial } of devices) {
        await terminal.shows(new RegExp(`^${serial}  Loading the headers on the device, \\d+ s$`, "m"));
      }
      terminal.press("C-c");
      const lines = await ended(130);
      expect(
        lines
          .slice(0, -1)
          .map((line) => line.split("  ")[0])
          .sort(),
      ).toEqual(devices.map(({ serial }) => serial).sort());
      expect(lines.at(-1)).toBe("kheaders: interrupted");
    } finally {
      await Promise.all(devices.map((device) => device.setFaults({})));
    }
  });

  it("watch shows a line with its time for each event, and a signal is its normal end", async () => {
    start("watch");
    for (const { serial } of devices) await terminal.shows(new RegExp(`${serial}: done`));
    terminal.press("C-c");
    const lines = await ended(130);
    for (const line of lines) expect(line).toMatch(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d| {19}) {2}\S/);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}adb server: watching$/);
    expect(lines.join("\n")).not.toContain("interrupted");
  });

  it("an error fits", async () => {
    start("pull -s nobody");
    const lines = await ended(3);
    expect(lines[0]).toMatch(/^kheaders: no device has the serial nobody/);
    expect(lines.at(-1)).toBe("  See: adb devices -l");
  });
});
