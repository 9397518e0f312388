import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAdbServer } from "../../lab/index.js";
import { emulated } from "../../support/emulated.js";
import { recordFault } from "../../support/fault-table.js";
import type { Outcome } from "../../support/kheaders.js";
import { ObservedDevice } from "../../support/observed-device.js";
import { type PullStage, pullStages, pullUntil } from "../../support/pull-stages.js";
import { file, tar } from "../../support/tar-builder.js";
import { withSlow } from "../../support/thorough.js";
import { Workstation } from "../../support/workstation.js";
import { xz } from "../../support/xz.js";

/** The promise, in seconds: nobody says goodbye over such a link. */
const goneWithin = 60;
const hurried = ["--stall", "3", "--timeout", "12"];

/** How a pull went whose link fell silent, and the next one. */
interface Course {
  readonly secondsUntilGone: number;
  readonly ended: Outcome;
  readonly next: Outcome;
}

const usually = withSlow("the patience of 30 s, in place of 3", [], [{ patience: "the usual" }]);

let host: Workstation;
let rootShell: ObservedDevice;
let insideSu: ObservedDevice;

beforeAll(async () => {
  host = await Workstation.open();
  rootShell = await ObservedDevice.boot(host);
  insideSu = await ObservedDevice.boot(host, { user: "shell", su: "magisk" });
});

afterAll(() => host.close());

describe("the cable is pulled, with no goodbye", emulated, () => {
  it.each(pullStages)("%s", async (stage) => {
    const [fromRootShell, fromInsideSu] = await Promise.all([
      withoutLink(rootShell, stage, hurried),
      withoutLink(insideSu, stage, hurried),
    ]);
    record("link off, --stall 3", `${stage}, root shell`, fromRootShell);
    record("link off, --stall 3", `${stage}, inside su`, fromInsideSu);
    expectRestored(fromRootShell);
    expectRestored(fromInsideSu);
  });
});

// One is mostly waiting, and each has a device for itself.
describe.concurrent("on two devices at once", emulated, () => {
  it.each(usually)("the cable is pulled, and the patience is $patience", async () => {
    const course = await withoutLink(rootShell, "during the transfer", []);
    record("link off", "during the transfer, root shell", course);
    expectRestored(course);
    expect(course.ended.stderr).toMatch(/^kheaders: the transfer stalled for 30 s$/m);
  });

  it("the device restarts all of a sudden, at each stage", async () => {
    const usual: PullStage = "during the transfer";
    const others = pullStages.filter((stage) => stage !== usual);
    for (const stage of withSlow("a restart of the device at each stage", [usual], others)) {
      const course = await withReset(insideSu, stage);
      record("device reset", `${stage}, inside su`, course);
      expectRestored(course);
    }
  });
});

it("the workstation's process is stopped during the transfer", emulated, async () => {
  const release = "6.6.1-large";
  // More than all buffers between the device and a reader who stands still.
  const filling = file("filling", randomBytes(16 * 1024 * 1024));
  const archive = xz(tar(file("include/generated/utsrelease.h", utsRelease(release)), filling), "-0");
  const device = await host.simulate({ archive, release, config: undefined });
  const options = ["-s", device.serial, "pull", "--stall", "2"];
  const command = host.start(options);
  await command.says(/Transferring/);
  command.signal("SIGSTOP");
  const started = performance.now();
  await vi.waitFor(async () => expect(await device.hasArchive()).toBe(false), {
    timeout: 60_000,
    interval: 50,
  });
  const secondsUntilGone = (performance.now() - started) / 1000;
  command.signal("SIGCONT");
  const ended = await command.ended;
  const next = await host.kheaders(options);
  record("process stopped, --stall 2", "during the transfer, simulated", { secondsUntilGone, ended, next });
  expectRestored({ secondsUntilGone, ended, next });
  expect(ended.stderr).toMatch(/^kheaders: the transfer stalled for 2 s$/m);
});

function utsRelease(release: string): string {
  return `#define UTS_RELEASE "${release}"\n`;
}

async function withoutLink(observed: ObservedDevice, stage: PullStage, options: string[]): Promise<Course> {
  const { device } = observed;
  return pullOverOwnServer(observed, stage, options, async (ended) => {
    const from = await observed.mark();
    const started = performance.now();
    await device.setLink(false);
    const gone = await observed.says("the module is gone", from, goneWithin);
    const outcome = await ended;
    if (stage === "during the transfer") await observed.setSlowLink(false);
    await device.setLink(true);
    return { secondsUntilGone: (gone - started) / 1000, ended: outcome };
  });
}

async function withReset(observed: ObservedDevice, stage: PullStage): Promise<Course> {
  const { device } = observed;
  const course = await pullOverOwnServer(observed, stage, hurried, async (ended) => {
    await device.reset();
    // At once: packets that QEMU holds back for a slow link would be delivered to a network card that has forgotten them.
    if (stage === "during the transfer") await observed.setSlowLink(false);
    const [outcome] = await Promise.all([ended, device.waitUp()]);
    // A kernel that is no more has nothing loaded.
    return { secondsUntilGone: 0, ended: outcome };
  });
  await observed.startObserver();
  return course;
}

/** Has a pull come to the stage, then the fault befall it, and pulls again over a connection that is made anew. */
async function pullOverOwnServer(
  observed: ObservedDevice,
  stage: PullStage,
  options: readonly string[],
  fault: (ended: Promise<Outcome>) => Promise<Omit<Course, "next">>,
): Promise<Course> {
  const { serial } = observed.device;
  const server = await startAdbServer();
  try {
    await server.connect(serial);
    const env = { ANDROID_ADB_SERVER_PORT: String(server.port) };
    const command = await pullUntil(stage, observed, () =>
      host.start([...observed.pull, ...options], { env }),
    );
    const course = await fault(command.ended);
    await host.adb.adb("disconnect", serial);
    await host.adb.connect(serial);
    const next = await host.kheaders(observed.pull);
    return { ...course, next };
  } finally {
    await server.stop();
  }
}

function record(fault: string, stage: string, { secondsUntilGone, ended }: Course): void {
  recordFault({ fault, stage, secondsUntilGone, outcome: `status ${ended.status}` });
}

function expectRestored({ secondsUntilGone, ended, next }: Course): void {
  expect(secondsUntilGone).toBeLessThan(goneWithin);
  expect(ended).toMatchObject({ status: 6, stdout: "" });
  expect(ended.stderr.match(/^kheaders: .+/gm)).toHaveLength(1);
  expect(next).toMatchObject({ status: 0 });
}
