import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../lab/index.js";
import { commandUser, programPath } from "../support/kheaders.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const adb = programPath("adb");

let host: Workstation;
let empty: string;
let port: string;

beforeAll(async () => {
  host = await Workstation.open();
  empty = host.folder("empty");
});
afterAll(() => host.close());
beforeEach(async () => {
  port = String(await freePort());
});

describe("where no adb server runs", () => {
  // As the user who started it, for a server on a Unix socket can be reached by nobody else.
  const runAdb = async (...args: string[]) => {
    await once(spawn(adb, args, { ...commandUser, stdio: "ignore" }), "close");
  };
  afterEach(() => runAdb("-P", port, "kill-server"));

  /** The environment of a workstation that has adb only where `variables` say. */
  const only = (variables: Record<string, string>) => ({
    env: { PATH: empty, ANDROID_ADB_SERVER_PORT: port, ...variables },
  });

  it("one is started, and a pull goes on with it", async () => {
    const device = await host.simulate(
      { release: "6.1.1", archive: smallArchive("6.1.1") },
      { attach: false },
    );
    expect(await host.kheaders(["devices"], only({ ADB: adb }))).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringContaining("no device"),
    });
    await runAdb("-P", port, "connect", device.serial);
    expect(await host.kheaders(["pull", "--wait=30"], only({}))).toMatchObject({ status: 0 });
  });

  it.each([
    ["ADB", () => ({ ADB: adb })],
    ["ANDROID_HOME", () => ({ ANDROID_HOME: sdk() })],
    ["ANDROID_SDK_ROOT", () => ({ ANDROID_SDK_ROOT: sdk() })],
    ["PATH", () => ({ PATH: `${empty}:${dirname(adb)}` })],
  ])("it is started with the adb that %s tells", async (_, variables) => {
    expect(await host.kheaders(["devices"], only(variables()))).toMatchObject({ status: 0 });
    expect(await host.kheaders(["devices"], only({}))).toMatchObject({ status: 0 });
  });

  it("one is started on a Unix socket", async () => {
    const socket = `localfilesystem:${join(host.folder("socket"), "adb")}`;
    try {
      expect(await host.kheaders(["-L", socket, "devices"], only({ ADB: adb }))).toMatchObject({ status: 0 });
      expect(await host.kheaders(["-L", socket, "devices"], only({}))).toMatchObject({ status: 0 });
    } finally {
      await runAdb("-L", socket, "kill-server");
    }
  });

  it("a pull ends with status 3 and says what to install where there is no adb either", async () => {
    const outcome = await host.kheaders(["pull"], only({}));
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    expect(outcome.stderr).toMatch(
      /no adb was found.*\n {2}Install Android's platform-tools .*apt install adb/,
    );
  });
});

describe("an adb that cannot start its server", () => {
  let calls: string;
  let env: Record<string, string>;
  beforeEach(() => {
    const folder = host.folder(`adb-${port}`);
    calls = join(folder, "calls");
    const script = join(folder, "adb");
    writeFileSync(script, `#!/bin/sh\necho "$*" >>${calls}\necho 'port is taken' >&2\nexit 1\n`);
    chmodSync(script, 0o755);
    env = { ADB: script, ANDROID_ADB_SERVER_PORT: port };
  });

  it("gives status 6 with what it said", async () => {
    const outcome = await host.kheaders(["pull"], { env });
    expect(outcome).toMatchObject({ status: 6, stdout: "" });
    expect(outcome.stderr).toContain("port is taken");
    expect(readFileSync(calls, "utf8")).toContain("start-server");
  });

  // 0.0.0.0 stands for another host: a connection to it ends on this machine, and adb's own rule takes it for remote.
  it.each([
    ["-H", ["-H", "0.0.0.0"], {}],
    ["ANDROID_ADB_SERVER_ADDRESS", [], { ANDROID_ADB_SERVER_ADDRESS: "0.0.0.0" }],
  ])("is never asked to when %s names another host", async (_, args, variables) => {
    const outcome = await host.kheaders([...args, "pull"], { env: { ...env, ...variables } });
    expect(outcome).toMatchObject({ status: 6, stdout: "" });
    expect(outcome.stderr).toContain(`no adb server listens at tcp:0.0.0.0:${port}`);
    expect(existsSync(calls)).toBe(false);
  });
});

/** A folder as the Android SDK is laid out. */
function sdk(): string {
  const folder = host.folder(`sdk-${port}`);
  mkdirSync(join(folder, "platform-tools"));
  symlinkSync(adb, join(folder, "platform-tools/adb"));
  return folder;
}
