import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdbServer, startAdbServer } from "../../lab/index.js";
import { emulated } from "../../support/emulated.js";
import { recordFault } from "../../support/fault-table.js";
import type { Outcome, RunningKheaders } from "../../support/kheaders.js";
import { ObservedDevice } from "../../support/observed-device.js";
import { type PullStage, pullStages, pullUntil } from "../../support/pull-stages.js";
import { withSlow } from "../../support/thorough.js";
import { Workstation } from "../../support/workstation.js";

/** The promise, in seconds. */
const goneWithin = 5;

/** A pull that is under way, over an adb server of its own. */
interface UnderWay {
  readonly command: RunningKheaders;
  readonly server: AdbServer;
  readonly serial: string;
}

interface Ending {
  readonly name: string;
  readonly end: (pull: UnderWay) => unknown;
  /** How the command ends; undefined where it is killed and has no say. */
  readonly outcome: { readonly status: number; readonly message: RegExp } | undefined;
}

const lost = { status: 6, message: /^kheaders: the device or its adb server went away/m };

const endings: readonly Ending[] = [
  {
    name: "Ctrl-C",
    end: ({ command }) => command.signal("SIGINT"),
    outcome: { status: 130, message: /^kheaders: interrupted$/m },
  },
  {
    name: "SIGTERM",
    end: ({ command }) => command.signal("SIGTERM"),
    outcome: { status: 143, message: /^kheaders: terminated$/m },
  },
  { name: "kill -9", end: ({ command }) => command.kill(), outcome: undefined },
  { name: "adb disconnect", end: ({ server, serial }) => server.adb("disconnect", serial), outcome: lost },
  { name: "adb kill-server", end: ({ server }) => server.adb("kill-server"), outcome: lost },
  { name: "adb server killed with -9", end: ({ server }) => server.killHard(), outcome: lost },
];

/** How a pull that was ended early went. */
interface Course {
  readonly secondsUntilGone: number;
  readonly ended: Outcome | undefined;
}

let host: Workstation;
let rootShell: ObservedDevice;
let insideSu: ObservedDevice;

beforeAll(async () => {
  host = await Workstation.open();
  rootShell = await ObservedDevice.boot(host);
  insideSu = await ObservedDevice.boot(host, { user: "shell", su: "magisk" });
});

afterAll(() => host.close());

// Each begins with a pull that must come as far as the one before it: that is its "the next pull works".
describe.each(pullStages)("%s the module is gone and the pull ends by itself", emulated, (stage) => {
  it.each(endingsAt(stage))("after $name", async (ending) => {
    // On both devices at once: a test is mostly waiting.
    const [fromRootShell, fromInsideSu] = await Promise.all([
      endEarly(rootShell, stage, ending),
      endEarly(insideSu, stage, ending),
    ]);
    record(ending, `${stage}, root shell`, fromRootShell);
    record(ending, `${stage}, inside su`, fromInsideSu);
    expectRestored(fromRootShell, ending);
    expectRestored(fromInsideSu, ending);
  });
});

it("after all that, both devices give their headers", emulated, async () => {
  for (const { pull } of [rootShell, insideSu])
    expect(await host.kheaders(pull)).toMatchObject({ status: 0 });
});

/** To the device, all that ends a process is alike, and all that ends an adb server: one of each is tried at every stage. */
function endingsAt(stage: PullStage): readonly Ending[] {
  if (stage === "during the transfer") return endings;
  const isTypical = ({ name }: Ending) =>
    name === "kill -9" || name === "adb kill-server" || name === "Ctrl-C";
  const others = endings.filter((ending) => !isTypical(ending));
  return withSlow(`${others.map(({ name }) => name).join(", ")} ${stage}`, endings.filter(isTypical), others);
}

async function endEarly(
  observed: ObservedDevice,
  stage: PullStage,
  { end, outcome }: Ending,
): Promise<Course> {
  const { serial } = observed.device;
  const server = await startAdbServer();
  try {
    await server.connect(serial);
    const env = { ANDROID_ADB_SERVER_PORT: String(server.port) };
    const command = await pullUntil(stage, observed, () =>
      host.start([...observed.pull, "--timeout", "60"], { env }),
    );
    const from = await observed.mark();
    const started = performance.now();
    await end({ command, server, serial });
    const gone = await observed.says("the module is gone", from);
    const ended = outcome && (await command.ended);
    if (stage === "during the transfer") await observed.setSlowLink(false);
    return { secondsUntilGone: (gone - started) / 1000, ended };
  } finally {
    await server.stop();
  }
}

function record({ name }: Ending, stage: string, { secondsUntilGone, ended }: Course): void {
  const outcome = ended ? `status ${ended.status}` : "killed";
  recordFault({ fault: name, stage, secondsUntilGone, outcome });
}

function expectRestored({ secondsUntilGone, ended }: Course, { outcome }: Ending): void {
  expect(secondsUntilGone).toBeLessThan(goneWithin);
  if (ended && outcome) {
    expect(ended).toMatchObject({ status: outcome.status, stdout: "" });
    expect(ended.stderr).toMatch(outcome.message);
    expect(ended.stderr.match(/^kheaders: /gm)).toHaveLength(1);
  }
}
