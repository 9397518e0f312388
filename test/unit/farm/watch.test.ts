import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openCache } from "../../../host/cache/index.js";
import type { Selection } from "../../../host/farm/selection.js";
import { type WatchEvent, watch } from "../../../host/farm/watch.js";
import { ScriptedAdbServer } from "../../support/scripted-adb-server.js";

/** How long nothing may happen until nothing will, in milliseconds: many times what it takes a device to settle. */
const longEnough = 400;

let server: ScriptedAdbServer;
let folder: string;
let events: string[];
let stop: AbortController;
let watching: Promise<unknown>;

/** An event as one word or two. */
function described(event: WatchEvent): string[] {
  if (event.type === "progress") return [];
  if (event.type === "watching") return [event.type];
  if (event.type === "server-lost") return [`${event.type} ${event.error.code}`];
  const detail = event.type === "unusable" || event.type === "failed" ? ` ${event.error.code}` : "";
  return [`${event.type} ${event.serial}${detail}`];
}

function start(devices: Selection = {}): void {
  watching = watch({
    server: { endpoint: server.endpoint, environment: { PATH: "/nowhere" } },
    cache: openCache({ dir: join(folder, "cache"), tool: "test" }),
    devices,
    timeoutSeconds: 10,
    settleSeconds: 0.03,
    allowMismatch: false,
    trustRelease: false,
    root: "never",
    stallSeconds: 10,
    signal: stop.signal,
    onEvent: (event) => events.push(...described(event)),
  });
  // Each test looks at how it ends.
  watching.catch(() => undefined);
}

const told = (expected: readonly string[]) =>
  vi.waitFor(() => expect(events).toEqual(expected), { timeout: 10_000, interval: 5 });
const quiet = () => new Promise((resolve) => setTimeout(resolve, longEnough));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-watch-"));
  server = new ScriptedAdbServer(join(folder, "adb"));
  await server.start();
  events = [];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error("enough"));
  await watching.catch(() => undefined);
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe("watch", () => {
  it("tells of devices that come, cannot be used, fail and go", async () => {
    start();
    await told(["watching"]);
    server.list("locked unauthorized usb:1-1 transport_id:1", "good device model:X transport_id:2");
    await vi.waitFor(() => expect(events).toContain("failed good device-lost"));
    server.list("locked unauthorized usb:1-1 transport_id:1");
    await vi.waitFor(() => expect(events).toContain("disconnected good"));
    expect(events).toEqual([
      "watching",
      "unusable locked device-unauthorized",
      "connected good",
      "failed good device-lost",
      "disconnected good",
    ]);
  });

  it("does not tell of a device that comes and goes before it has settled", async () => {
    start();
    await told(["watching"]);
    for (let flap = 0; flap < 20; flap += 1) {
      server.list(`flapping device transport_id:${flap}`);
      server.list();
    }
    await quiet();
    expect(events).toEqual(["watching"]);
  });

  it("asks a device again that was away so shortly that it is told of as connected still", async () => {
    start();
    server.list("a device transport_id:1");
    await told(["watching", "connected a", "failed a device-lost"]);
    const asked = () => server.requests.filter((service) => service.startsWith("host:transport")).length;
    const before = asked();
    server.list();
    server.list("a device transport_id:2");
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(before));
    expect(events.filter((event) => event === "connected a")).toHaveLength(1);
    expect(events).not.toContain("disconnected a");
  });

  it("leaves alone what is not meant", async () => {
    start({ serials: ["meant"] });
    server.list("other device transport_id:1", "meant offline transport_id:2");
    await told(["watching", "unusable meant device-offline"]);
    await quiet();
    expect(events).toHaveLength(2);
  });

  it("finds a server again that was lost, and its devices", async () => {
    start();
    server.list("a offline transport_id:1");
    await told(["watching", "unusable a device-offline"]);
    await server.stop();
    server.list("a offline transport_id:1", "b offline transport_id:2");
    await vi.waitFor(() => expect(events).toContain("disconnected a"));
    await server.start();
    await vi.waitFor(() => expect(events).toContain("unusable b device-offline"), { timeout: 10_000 });
    expect(events).toEqual([
      "watching",
      "unusable a device-offline",
      "server-lost adb-failed",
      "disconnected a",
      "watching",
      "unusable a device-offline",
      "unusable b device-offline",
    ]);
  });

  it("follows servers that know the short list only", async () => {
    await server.stop();
    server = new ScriptedAdbServer(join(folder, "adb"), { hasLongTracking: false });
    await server.start();
    start();
    await told(["watching"]);
    server.list("a\toffline");
    await told(["watching", "unusable a device-offline"]);
  });

  it("ends for the signal's reason, and leaves no connection", async () => {
    start();
    server.list("a device transport_id:1");
    await vi.waitFor(() => expect(events).toContain("connected a"));
    stop.abort(new Error("told to end"));
    await expect(watching).rejects.toThrow("told to end");
    const before = server.requests.length;
    await quiet();
    expect(server.requests).toHaveLength(before);
  });

  it("fails where there is no server to begin with, and none can be started", async () => {
    await server.stop();
    start();
    await expect(watching).rejects.toMatchObject({ code: "adb-not-found" });
    expect(events).toEqual([]);
  });
});
