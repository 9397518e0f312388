import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome, TerminalOptions } from "../support/kheaders.js";
import { onScreen } from "../support/screen.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const treeLine = /^\/.+\/trees\/[0-9a-f]{64}\n$/;
/** In such a transfer kheaders has nothing to do but draw, however fast or busy the machine is. */
const transferSeconds = 3;

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

/** Pulls from a device of its own into a cache of its own: none waits for another. */
async function pullOn(terminal: TerminalOptions, name: string): Promise<Outcome> {
  const release = `6.6.2-${name}`;
  const archive = smallArchive(release);
  const faults = { readRate: Math.ceil(archive.length / transferSeconds) };
  const { serial } = await host.simulate({ release, archive, faults });
  return host.kheaders(["-s", serial, "pull", "--cache-dir", host.folder(name)], { terminal });
}

describe.concurrent("what a pull prints on standard output", () => {
  it("is one line on a terminal, too", async () => {
    const { stdout, stderr } = await pullOn({ of: "stdout" }, "stdout");
    expect(stdout).toMatch(treeLine);
    expect(stderr).toContain("Transferring");
  });

  it("is one line while the progress goes to a terminal", async () => {
    const { stdout, stderr } = await pullOn({ of: "stderr" }, "stderr");
    expect(stdout).toMatch(treeLine);
    expect(stderr).toMatch(/Transferring [\d.]+ k?B of [\d.]+ k?B/);
    expect(onScreen(stderr)).not.toContain("Transferring");
  });

  it("is one line while the progress goes to a terminal that tells no width", async () => {
    const { stdout, stderr } = await pullOn({ of: "stderr", columns: 0 }, "no-width");
    expect(stdout).toMatch(treeLine);
    expect(stderr).toContain("Transferring");
  });

  it("stays as the last line of a terminal that shows the progress as well", async () => {
    const { stdout } = await pullOn({ of: "both" }, "both");
    expect(stdout).toContain("Transferring");
    const lines = onScreen(stdout).trimEnd().split("\n");
    expect(`${lines.at(-1)}\n`).toMatch(treeLine);
    expect(lines.filter((line) => line.includes("/trees/"))).toHaveLength(1);
  });
});
