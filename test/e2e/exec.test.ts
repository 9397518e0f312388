import { basename } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-android14-11";

let host: Workstation;
let device: SimulatedDevice;

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.simulate({ release, archive: smallArchive(release) });
});
afterAll(() => host.close());

/** What a command that runs under `exec` finds in its environment, by the names that begin with KHEADERS. */
async function environment(...options: string[]): Promise<Record<string, string>> {
  const { status, stdout } = await host.kheaders(["exec", ...options, "--", "env", "--null"]);
  expect(status).toBe(0);
  const variables = stdout.split("\0").filter((line) => line.startsWith("KHEADERS_"));
  return Object.fromEntries(variables.map((line) => [line.replace(/=.*/s, ""), line.replace(/^[^=]*=/, "")]));
}

it("tells the command the tree and its facts", async () => {
  const tree = (await host.kheaders(["pull"])).stdout.trimEnd();
  expect(await environment()).toEqual({
    KHEADERS_ARCHIVE: `${host.cache}/archives/${basename(tree)}.tar.xz`,
    KHEADERS_CACHE: "hit",
    KHEADERS_CACHE_DIR: host.cache,
    KHEADERS_DIGEST: basename(tree),
    KHEADERS_FINGERPRINT: "lab/simulated/simulated:15/LAB.1/1:user/release-keys",
    KHEADERS_MACHINE: "x86_64",
    KHEADERS_RELEASE: release,
    KHEADERS_SERIAL: device.serial,
    KHEADERS_TREE: tree,
    KHEADERS_VERSION: "#1 SMP PREEMPT Mon May  6 12:00:00 UTC 2024",
  });
});

it("pulls first where the cache does not have the kernel", async () => {
  const before = await device.counts();
  const cache = host.folder("empty-cache");
  expect(await environment("--cache-dir", cache)).toMatchObject({ KHEADERS_CACHE: "miss" });
  expect(await device.counts()).toEqual({ loads: before.loads + 1, unloads: before.unloads + 1 });
});

it("gives the command its arguments as they are, and its output", async () => {
  const outcome = await host.kheaders(["exec", "--", "printf", "%s|", "-s", "a b", "$HOME", "--json"]);
  expect(outcome).toMatchObject({ status: 0, stdout: "-s|a b|$HOME|--json|", stderr: "" });
});

it.each([
  ["exit 7", 7],
  ["kill -TERM $$", 143],
])("ends as the command ends: %s is status %d", async (script, status) => {
  expect(await host.kheaders(["exec", "--", "sh", "-c", script])).toMatchObject({ status });
});

it("hands signals on to the command", async () => {
  const script = "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
  const running = host.start(["exec", "--", "sh", "-c", script]);
  await running.says(/ready/);
  running.signal("SIGTERM");
  expect(await running.ended).toMatchObject({ status: 5, stdout: "ready\ntold\n" });
});

it("says which command there is not, with status 2", async () => {
  const outcome = await host.kheaders(["exec", "--", "no-such-command"], {
    env: { PATH: "/usr/bin:/bin" },
  });
  expect(outcome).toMatchObject({ status: 2, stdout: "" });
  expect(outcome.stderr).toContain("no-such-command was not found");
});

it("runs nothing where there are no headers", async () => {
  const outcome = await host.kheaders(["exec", "-s", "R5CT30ABCDE", "--", "echo", "ran"]);
  expect(outcome).toMatchObject({ status: 3, stdout: "" });
});
