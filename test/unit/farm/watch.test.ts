import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openCache } from "../../../host/cache/index.js";
import type { Clock } from "../../../host/farm/clock.js";
import type { Selection } from "../../../host/farm/selection.js";
import { type WatchEvent, watch } from "../../../host/farm/watch.js";
import { ScriptedAdbServer } from "../../support/scripted-adb-server.js";

const settleSeconds = 1;

/** A clock that stands until a test moves it. */
class TestClock implements Clock {
  readonly #waiting = new Set<{ readonly due: number; readonly call: () => void }>();
  #now = 0;
  /** How many waits have begun. */
  begun = 0;

  after(seconds: number, call: () => void): () => void {
    const wait = { due: this.#now + seconds, call };
    this.#waiting.add(wait);
    this.begun += 1;
    return () => this.#waiting.delete(wait);
  }

  /** How many waits have neither ended nor been cancelled. */
  get waiting(): number {
    return this.#waiting.size;
  }

  advance(seconds: number): void {
    this.#now += seconds;
    for (const wait of this.#waiting) {
      if (wait.due > this.#now) continue;
      this.#waiting.delete(wait);
      wait.call();
    }
  }
}

let server: ScriptedAdbServer;
let folder: string;
let events: string[];
let stop: AbortController;
let watching: Promise<unknown>;
let clock: TestClock;

/** An event as one word or two. */
function described(event: WatchEvent): string[] {
  if (event.type === "progress") return [];
  if (event.type === "watching") return [event.type];
  if (event.type === "server-lost") return [`${event.type} ${event.error.code}`];
  const detail = event.type === "unusable" || event.type === "failed" ? ` ${event.error.code}` : "";
  return [`${event.type} ${event.serial}${detail}`];
}

function start(devices: Selection = {}): void {
  watching = watch(
    {
      server: { endpoint: server.endpoint, environment: { PATH: "/nowhere" } },
      cache: openCache({ dir: join(folder, "cache"), tool: "test" }),
      devices,
      timeoutSeconds: Number.POSITIVE_INFINITY,
      settleSeconds,
      root: "never",
      signal: stop.signal,
      onEvent: (event) => events.push(...described(event)),
    },
    clock,
  );
  // Each test looks at how it ends.
  watching.catch(() => undefined);
}

/** Waits until something is as expected: an event, never a time. */
const until = (isSo: () => void) => vi.waitFor(isSo, { timeout: 15_000, interval: 5 });
const reported = (expected: readonly string[]) => until(() => expect(events).toEqual(expected));

/** Lets the devices settle, after so many changes of the list in all have arrived. */
async function settle(changes: number): Promise<void> {
  await until(() => expect(clock.begun).toBe(changes));
  clock.advance(settleSeconds);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-watch-"));
  server = new ScriptedAdbServer(join(folder, "adb"));
  await server.start();
  events = [];
  clock = new TestClock();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error("enough"));
  await watching.catch(() => undefined);
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe("watch", () => {
  it("reports devices that connect, cannot be used, fail and disconnect", async () => {
    start();
    await reported(["watching"]);
    server.list("locked unauthorized usb:1-1 transport_id:1", "good device model:X transport_id:2");
    await settle(2);
    const connected = ["watching", "unusable locked device-unauthorized", "connected good"];
    await reported(connected);
    // The pull has failed; that is reported if the device is still listed a moment later.
    await settle(3);
    await reported([...connected, "failed good device-lost"]);
    server.list("locked unauthorized usb:1-1 transport_id:1");
    // One wait is for the next try.
    await settle(5);
    await reported([...connected, "failed good device-lost", "disconnected good"]);
  });

  it("does not report a pull that failed because the device was disconnected", async () => {
    start();
    server.list("a device transport_id:1");
    await settle(1);
    await until(() => expect(clock.begun).toBe(2));
    server.list();
    await settle(3);
    await reported(["watching", "connected a", "disconnected a"]);
    expect(clock.waiting).toBe(0);
  });

  it("does not report a device that comes and goes before it has settled", async () => {
    start();
    await reported(["watching"]);
    for (let flap = 0; flap < 20; flap += 1) {
      server.list(`flapping device transport_id:${flap}`);
      server.list();
    }
    server.list("last offline transport_id:99");
    await settle(41);
    await reported(["watching", "unusable last device-offline"]);
    expect(clock.waiting).toBe(0);
  });

  it("asks a device again that was away too shortly to be reported", async () => {
    start();
    server.list("a device transport_id:1");
    await settle(1);
    await settle(2);
    await reported(["watching", "connected a", "failed a device-lost"]);
    const asked = () => server.requests.filter((service) => service.startsWith("host:transport")).length;
    const before = asked();
    server.list();
    server.list("a device transport_id:2");
    await settle(5);
    await until(() => expect(asked()).toBeGreaterThan(before));
    expect(events).toEqual(["watching", "connected a", "failed a device-lost"]);
  });

  it("leaves alone devices that are not selected", async () => {
    start({ serials: ["selected"] });
    server.list("other device transport_id:1", "selected offline transport_id:2");
    await settle(1);
    await reported(["watching", "unusable selected device-offline"]);
    expect(clock.waiting).toBe(0);
  });

  it("finds a server again that was lost, and its devices", async () => {
    start();
    server.list("a offline transport_id:1");
    await settle(1);
    await reported(["watching", "unusable a device-offline"]);
    await server.stop();
    server.list("a offline transport_id:1", "b offline transport_id:2");
    await until(() => expect(events).toContain("server-lost adb-failed"));
    await until(() => expect(clock.waiting).toBe(2));
    clock.advance(settleSeconds);
    await until(() => expect(events).toContain("disconnected a"));
    await server.start();
    await until(() => {
      clock.advance(settleSeconds);
      expect(events).toContain("unusable b device-offline");
    });
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

  it("follows servers that only have the short list", async () => {
    await server.stop();
    server = new ScriptedAdbServer(join(folder, "adb"), { hasLongTracking: false });
    await server.start();
    start();
    await reported(["watching"]);
    server.list("a\toffline");
    await settle(1);
    await reported(["watching", "unusable a device-offline"]);
  });

  it("ends with the signal's reason, and leaves no connection and no wait", async () => {
    start();
    server.list("a device transport_id:1");
    await settle(1);
    await reported(["watching", "connected a"]);
    stop.abort(new Error("told to end"));
    await expect(watching).rejects.toThrow("told to end");
    expect(clock.waiting).toBe(0);
    await until(() => expect(server.connections).toBe(0));
  });

  it("fails if there is no server at first, and none can be started", async () => {
    await server.stop();
    start();
    await expect(watching).rejects.toMatchObject({ code: "adb-not-found" });
    expect(events).toEqual([]);
  });
});
