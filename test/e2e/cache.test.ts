import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundlePrograms } from "../../scripts/bundle.js";
import { commandUser } from "../support/kheaders.js";
import type { PullOrders } from "../support/pull-child.js";
import { smallArchive } from "../support/small-archive.js";
import { withSlow } from "../support/thorough.js";
import { listTree } from "../support/tree-listing.js";
import { Workstation } from "../support/workstation.js";

const config = "CONFIG_IKCONFIG=y\nCONFIG_IKHEADERS=m\n";
const dirty = "6.1.57-android14-11-maybe-dirty";

/** ELF notes as /sys/kernel/notes has them: one GNU build-id. */
function buildIdNote(hex: string): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(4, 0);
  header.writeUInt32LE(hex.length / 2, 4);
  header.writeUInt32LE(3, 8);
  return Buffer.concat([header, Buffer.from("GNU\0"), Buffer.from(hex, "hex")]);
}

/** Two kernels that nothing but the build-id tells apart, as unstamped GKI builds are. */
const unstamped = (content: string, buildId: string) => ({
  release: dirty,
  version: "#1 SMP PREEMPT Thu Jan 1 00:00:00 UTC 1970",
  fingerprint: "google/shiba/shiba:14/UD1A/1:userdebug/test-keys",
  config,
  notes: buildIdNote(buildId),
  archive: smallArchive(dirty, { content }),
});

let station: Workstation;
beforeAll(async () => {
  station = await Workstation.open();
});
afterAll(() => station.close());

test("sixteen processes pull one kernel into an empty cache: one transfer, sixteen equal paths", async () => {
  const release = "6.6.30-android15-8";
  const device = await station.simulate({ release, config, archive: smallArchive(release) });
  const pulls = await Promise.all(
    Array.from({ length: 16 }, () => station.kheaders(["-s", device.serial, "pull"])),
  );
  expect(pulls.map(({ status }) => status)).toEqual(Array(16).fill(0));
  expect(new Set(pulls.map(({ stdout }) => stdout)).size).toBe(1);
  expect(await device.counts()).toEqual({ loads: 1, unloads: 1 });
});

test("two kernels with one release and version live side by side; swapping between them is a hit each time", async () => {
  const first = unstamped("int first;\n", "11".repeat(20));
  const second = unstamped("int second;\n", "22".repeat(20));
  const device = await station.simulate(first);
  const pull = async () => {
    const outcome = await station.kheaders(["-s", device.serial, "pull", "--json"]);
    expect(outcome.status).toBe(0);
    return { ...JSON.parse(outcome.stdout), stderr: outcome.stderr };
  };
  const one = await pull();
  await device.reboot(second);
  const two = await pull();
  expect(two.digest).not.toBe(one.digest);
  expect(two.stderr).toContain(`a different build of ${dirty} than last time`);
  const before = await device.counts();
  for (const [kernel, known] of [
    [first, one],
    [second, two],
    [first, one],
  ] as const) {
    await device.reboot(kernel);
    const again = await pull();
    expect(again.cache).toBe("hit");
    expect(again.tree).toBe(known.tree);
  }
  expect(await device.counts()).toEqual(before);
});

test("a process that dies while another waits for it is replaced at once", async () => {
  const release = "6.6.31-android15-8";
  const archive = smallArchive(release);
  const device = await station.simulate({ release, config, archive, faults: { readRate: 50 } });
  const owner = station.start(["-s", device.serial, "pull", "-v"]);
  await owner.says(/Transferring/);
  const waiter = station.start(["-s", device.serial, "pull", "-v"]);
  await waiter.says(/Waiting for another kheaders that pulls this kernel/);
  await device.setFaults({});
  await owner.kill();
  const outcome = await waiter.ended;
  expect(outcome.status).toBe(0);
  expect((await device.counts()).loads).toBe(2);
});

describe("killed at random moments, the cache verifies and the next pull is right", () => {
  const [killsEach = 0] = withSlow("50 kills in place of 8", [8], [50]).slice(-1);
  /** Longer than any pull. */
  const wholeMilliseconds = 300_000;
  let program: string;
  const release = "6.6.32-android15-8";
  beforeAll(async () => {
    const folder = station.folder("child");
    const worker = { "xz-worker": "host/archive/xz/worker.ts" };
    await bundlePrograms({ child: "test/support/pull-child.ts", ...worker }, folder);
    program = join(folder, "child.js");
  });

  for (const locks of [true, false]) {
    test(`${killsEach} kills, locks ${locks ? "on" : "off"}`, { timeout: 600_000 }, async () => {
      const device = await station.simulate({ release, config, archive: smallArchive(release) });
      const reference = station.folder(`reference-${locks}`);
      const whole = await station.kheaders(["-s", device.serial, "pull", "--cache-dir", reference]);
      const expected = listTree(whole.stdout.trim());
      const stages = new Map<string, number>();
      const ordersIn = (cache: string): PullOrders => {
        return { port: station.adb.port, serial: device.serial, cache, locks };
      };
      // One that is not killed tells how long a pull takes here.
      let length = (await pullAndKill(program, ordersIn(station.folder(`whole-${locks}`)), wholeMilliseconds))
        .milliseconds;
      for (let kill = 0; kill < killsEach; kill += 1) {
        const cache = station.folder(`crash-${locks}-${kill}`);
        const child = await pullAndKill(
          program,
          ordersIn(cache),
          ((kill + Math.random()) / killsEach) * length,
        );
        stages.set(child.stage, (stages.get(child.stage) ?? 0) + 1);
        if (child.finished) length = child.milliseconds;
        const verified = await station.kheaders(["cache", "verify", "--cache-dir", cache]);
        expect(verified.status, verified.stdout + verified.stderr).toBe(0);
        const next = await station.kheaders(["-s", device.serial, "pull", "--cache-dir", cache]);
        expect(next.status, next.stderr).toBe(0);
        expect(listTree(next.stdout.trim())).toEqual(expected);
      }
      expect(stages.size).toBeGreaterThan(2);
      const counts = Array.from(stages, ([stage, kills]) => `${stage} ${kills}`).join(", ");
      console.log(`kills by stage, locks ${locks ? "on" : "off"}: ${counts}`);
    });
  }
});

/** Runs a child, kills it some time after its start, and tells which stage it had come to. */
async function pullAndKill(program: string, orders: PullOrders, milliseconds: number) {
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], {
    ...commandUser,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const closed = once(child, "close");
  // The first thing that it says is that its program is loaded: up to there nothing happens that could be cut off.
  await Promise.race([once(child.stdout, "data"), closed]);
  const started = performance.now();
  const killer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  const [status]: unknown[] = await closed;
  clearTimeout(killer);
  if (status !== 0 && status !== null) throw new Error(`the child failed by itself with status ${status}`);
  const stage = said.trim().split("\n").at(-1) ?? "";
  const finished = stage.startsWith("tree ");
  return { stage: finished ? "done" : stage, finished, milliseconds: performance.now() - started };
}
