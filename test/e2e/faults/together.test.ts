import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type AdbServer, lightModule, startAdbServer } from "../../lab/index.js";
import { isLoaded, kernelEvents } from "../../support/device-state.js";
import { emulated } from "../../support/emulated.js";
import { recordFault } from "../../support/fault-table.js";
import { ObservedDevice } from "../../support/observed-device.js";
import { startOnDevice } from "../../support/on-device.js";
import { pullUntil } from "../../support/pull-stages.js";
import { sha256 } from "../../support/tree-listing.js";
import { Workstation } from "../../support/workstation.js";

const archive = "/sys/kernel/kheaders.tar.xz";

let host: Workstation;
let otherServer: AdbServer;
let observed: ObservedDevice;

beforeAll(async () => {
  host = await Workstation.open();
  observed = await ObservedDevice.boot(host);
  otherServer = await startAdbServer();
  await otherServer.connect(observed.device.serial);
});

afterAll(async () => {
  await otherServer.stop();
  await host.close();
});

it("gives eight pulls over two adb servers their headers, one after the other", emulated, async () => {
  const eventsBefore = await kernelEvents(host, observed.device);
  const ports = [1, 2, 3, 4].flatMap(() => [host.adb.port, otherServer.port]);
  const outcomes = await Promise.all(
    ports.map((port, index) =>
      host.kheaders(["pull", "--json", "--cache-dir", host.folder(`cache-${index}`)], {
        env: { ANDROID_ADB_SERVER_PORT: String(port) },
      }),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(ports.map(() => 0));
  const digest = sha256(readFileSync((await lightModule()).archive));
  for (const { stdout } of outcomes) {
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ cache: "miss", source: "module", unloaded: true, digest });
    expect(sha256(readFileSync(result.archive))).toBe(digest);
  }
  expect(await isLoaded(host, observed.device)).toBe(false);
  expect((await kernelEvents(host, observed.device)) - eventsBefore).toBe(2 * ports.length);
  recordFault({
    fault: "8 pulls over 2 adb servers",
    stage: "at once",
    secondsUntilGone: undefined,
    outcome: "all right",
  });
});

it("says that the device is busy when the time is up before its turn comes", emulated, async () => {
  const other = await startOnDevice(otherServer, observed.device, "exec 9</proc/version; flock -x 0 <&9");
  try {
    const pulled = await host.kheaders([...observed.pull, "--json", "--timeout", "4"]);
    expect(pulled.status).toBe(6);
    expect(pulled.stderr).toMatch(/^kheaders: another kheaders is using the device: gave up after 4 s$/m);
    expect(JSON.parse(pulled.stdout)).toMatchObject({ error: { code: "device-busy" } });
    expect(await isLoaded(host, observed.device)).toBe(false);
    recordFault({
      fault: "another agent has the device",
      stage: "before the transfer",
      secondsUntilGone: undefined,
      outcome: `status ${pulled.status}, device-busy`,
    });
  } finally {
    await other.end();
  }
});

it("leaves the module to somebody else who reads the archive, and says so", emulated, async () => {
  await observed.hold("insmod");
  const from = await observed.mark();
  const pull = host.start([...observed.pull, "--json"]);
  await observed.says("insmod is done", from);
  const reader = await startOnDevice(otherServer, observed.device, `exec 5<${archive}`);
  try {
    const first = await pull.ended;
    expect(first).toMatchObject({ status: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({ source: "module", unloaded: false });
    expect(first.stderr).toMatch(/^kheaders: warning: another process reads the headers/m);
    expect(await isLoaded(host, observed.device)).toBe(true);

    const refused = await host.kheaders(["unload", "--json"]);
    expect(refused.status).toBe(6);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "device-busy" } });
    expect(await isLoaded(host, observed.device)).toBe(true);
  } finally {
    await reader.end();
  }
  expect(await host.kheaders(["unload"])).toMatchObject({ status: 0 });
  expect(await isLoaded(host, observed.device)).toBe(false);
  recordFault({
    fault: "somebody reads the archive",
    stage: "after the transfer",
    secondsUntilGone: undefined,
    outcome: "module left, warning",
  });
});

it("tries once more when somebody unloads the module in mid-transfer", emulated, async () => {
  const unloaded = observed.asRoot("/lab-bin/cutter");
  const pull = await pullUntil("during the transfer", observed, () =>
    host.start([...observed.pull, "--json"]),
  );
  await unloaded;
  await observed.setSlowLink(false);
  const { status, stdout, stderr } = await pull.ended;
  expect(stderr).toMatch(
    /^kheaders: warning: the kheaders module was unloaded during the transfer.*trying once more$/m,
  );
  expect(status).toBe(0);
  const digest = sha256(readFileSync((await lightModule()).archive));
  expect(JSON.parse(stdout)).toMatchObject({ source: "module", unloaded: true, digest });
  expect(await isLoaded(host, observed.device)).toBe(false);
  recordFault({
    fault: "somebody unloads the module",
    stage: "during the transfer",
    secondsUntilGone: undefined,
    outcome: "tried again, status 0",
  });
});
