import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectToDevice, type Device, listDevices } from "../../../host/adb/devices.js";
import type { Endpoint } from "../../../host/adb/endpoint.js";
import { adbCandidates, connectToServer, findAdb } from "../../../host/adb/server.js";
import { trackDevices } from "../../../host/adb/track.js";
import { findDevice } from "../../../host/adb/wait.js";
import { type Answer, FakeAdbServer } from "../../support/fake-adb-server.js";
import { skipWhen } from "../../support/skip.js";

vi.setConfig({ testTimeout: 120_000 });

const never = new AbortController().signal;
const phone = "1234                   device usb:1-1 model:Phone transport_id:7\n";

let folder: string;
let fake: FakeAdbServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-adb-"));
});

afterEach(async () => {
  await fake?.stop();
  fake = undefined;
  rmSync(folder, { recursive: true });
});

async function serverThat(answer: Answer, path?: string) {
  fake = await FakeAdbServer.start(answer, path);
  return { endpoint: fake.endpoint, environment: {} };
}

describe("a running server", () => {
  it("lists its devices", async () => {
    const server = await serverThat((_, client) => client.okay(phone));
    expect(await listDevices(server, never)).toMatchObject([{ serial: "1234", model: "Phone" }]);
    expect(fake?.requests).toEqual(["host:devices-l"]);
  });

  it("that refuses to list them is an error of adb, not a bug", async () => {
    const server = await serverThat((_, client) => client.fail("not today"));
    await expect(listDevices(server, never)).rejects.toMatchObject({
      code: "adb-failed",
      message: expect.stringMatching(/^the adb server at tcp:\S+ refused host:devices-l: not today$/),
    });
    await expect(trackDevices(server, never).next()).rejects.toMatchObject({ code: "adb-failed" });
  });

  it("may have a list that comes in pieces", async () => {
    const server = await serverThat(async (_, client) => {
      for (const byte of Buffer.from(`OKAY00${phone.length.toString(16)}${phone}`)) {
        client.send(Uint8Array.of(byte));
        await new Promise(setImmediate);
      }
    });
    expect(await listDevices(server, never)).toHaveLength(1);
  });

  it.for([
    { what: "a path", path: () => join(folder, "adb.socket") },
    { what: "an abstract name", path: () => `\0${folder}` },
  ])("may listen on a Unix socket with $what", async ({ path }, context) => {
    skipWhen(path().startsWith("\0") && process.platform !== "linux", "only Linux has such names", context);
    const server = await serverThat((_, client) => client.okay(phone), path());
    expect(server.endpoint).toEqual({ kind: "unix", path: path() });
    expect(await listDevices(server, never)).toHaveLength(1);
  });

  it("is asked for the device by its transport id, or by its serial where it knows none", async () => {
    const server = await serverThat((_, client) => client.okay());
    const device: Device = { serial: "1234", state: "device", model: undefined, transportId: "7", usb: true };
    (await connectToDevice(server, device, never)).close();
    (await connectToDevice(server, { ...device, transportId: undefined }, never)).close();
    expect(fake?.requests).toEqual(["host:transport-id:7", "host:transport:1234"]);
  });

  it("may no longer have the device", async () => {
    const server = await serverThat((_, client) => client.fail("no device with transport id '7'"));
    const device: Device = { serial: "1234", state: "device", model: undefined, transportId: "7", usb: true };
    await expect(connectToDevice(server, device, never)).rejects.toMatchObject({
      code: "device-lost",
      message: "1234 is gone: no device with transport id '7'",
    });
  });

  it.each<{ what: string; answer: Answer }>([
    { what: "before its answer", answer: (_, client) => client.end() },
    { what: "with no goodbye", answer: (_, client) => client.vanish() },
    {
      what: "behind its OKAY",
      answer: (_, client) => {
        client.send("OKAY");
        client.end();
      },
    },
    {
      what: "in the middle of its list",
      answer: (_, client) => {
        client.send("OKAY00ff1234  dev");
        client.end();
      },
    },
    ...["+005", "0x05", " 5\t ", "00g0", "-001", "\xb00\xb15"].map((length) => ({
      what: `behind a length that is not one: ${JSON.stringify(length)}`,
      answer: ((_, client) => client.send(Buffer.from(`OKAY${length}1234 device\n`, "latin1"))) as Answer,
    })),
    {
      what: "behind a reason with a length that is not one",
      answer: (_, client) => client.send("FAILwhy?because"),
    },
    {
      what: "for it is no adb server",
      answer: (_, client) => client.send("HTTP/1.1 400 Bad Request\r\n\r\n"),
    },
  ])("may go away $what", async ({ answer }) => {
    await expect(listDevices(await serverThat(answer), never)).rejects.toMatchObject({
      code: "adb-failed",
      exitStatus: 6,
      message: expect.stringContaining("127.0.0.1"),
    });
  });

  it("is not waited for after an abort", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const server = await serverThat(() => abort.abort(reason));
    await expect(listDevices(server, abort.signal)).rejects.toBe(reason);
  });

  it("is not asked after an abort", async () => {
    const server = await serverThat((_, client) => client.okay(phone));
    await expect(listDevices(server, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    expect(fake?.requests).toEqual([]);
  });
});

describe("a device that is waited for", () => {
  it("is there once the server lists it as usable", async () => {
    const lists = ["", "1234 offline transport_id:6\n", phone];
    const server = await serverThat((_, client) => client.okay(lists.shift()));
    let waits = 0;
    const onWait = () => {
      waits += 1;
    };
    const device = await findDevice(server, {}, { waitSeconds: 60, onWait, signal: never });
    expect(device.transportId).toBe("7");
    expect(waits).toBe(1);
  });

  it("is not waited for unless asked to", async () => {
    const server = await serverThat((_, client) => client.okay(""));
    const onWait = () => expect.unreachable();
    await expect(findDevice(server, {}, { waitSeconds: 0, onWait, signal: never })).rejects.toMatchObject({
      code: "no-device",
    });
  });

  it("is not waited for where waiting cannot help", async () => {
    const twins = `${phone}${phone.replace("1234", "5678")}`;
    const server = await serverThat((_, client) => client.okay(twins));
    const onWait = () => expect.unreachable();
    await expect(findDevice(server, {}, { waitSeconds: 60, onWait, signal: never })).rejects.toMatchObject({
      code: "several-devices",
    });
  });

  it("is not waited for after an abort", async () => {
    const abort = new AbortController();
    const server = await serverThat((_, client) => client.okay(""));
    const onWait = () => abort.abort(new Error("enough"));
    await expect(findDevice(server, {}, { waitSeconds: 60, onWait, signal: abort.signal })).rejects.toThrow(
      "enough",
    );
  });
});

describe("a server that does not run", () => {
  const calls = () => readFileSync(join(folder, "calls"), "utf8");

  /** An adb that notes how it was called, then does as `script` says. */
  function adbThat(script: string): NodeJS.ProcessEnv {
    const adb = join(folder, "adb");
    writeFileSync(adb, `#!/bin/sh\necho "$*" >>${folder}/calls\n${script}\n`);
    chmodSync(adb, 0o755);
    writeFileSync(join(folder, "calls"), "");
    return { ADB: adb, PATH: process.env.PATH };
  }

  it("is started where it would be on this machine", async () => {
    const path = join(folder, "socket");
    const environment = adbThat(`while [ ! -e ${path} ]; do sleep 0.02; done`);
    const endpoint: Endpoint = { kind: "unix", path };
    const connecting = connectToServer({ endpoint, environment }, never);
    await expect.poll(calls, { timeout: 60_000 }).not.toBe("");
    await serverThat((_, client) => client.okay(), path);
    (await connecting).close();
    expect(calls()).toBe(`-L localfilesystem:${path} start-server\n`);
  });

  it("fails where adb starts nothing", async () => {
    const environment = adbThat("exit 0");
    const endpoint = await unusedPort();
    await expect(connectToServer({ endpoint, environment }, never)).rejects.toMatchObject({
      code: "adb-failed",
      exitStatus: 6,
      message: expect.stringContaining(`no adb server listens at tcp:127.0.0.1:${endpoint.port}`),
    });
    expect(calls()).toBe(`-L tcp:127.0.0.1:${endpoint.port} start-server\n`);
  });

  it("fails with what adb says", async () => {
    const environment = adbThat("echo 'cannot bind: \x1b[31mno' >&2; exit 1");
    await expect(connectToServer({ endpoint: await unusedPort(), environment }, never)).rejects.toMatchObject(
      {
        code: "adb-failed",
        message: expect.stringMatching(/could not start its server: cannot bind: \\x1b\[31mno$/),
      },
    );
  });

  it("is never started in place of another host's", async () => {
    const environment = adbThat("exit 0");
    const { port } = await unusedPort();
    // The whole of 0.0.0.0/8 is this host for the kernel; for kheaders it is a name like any other.
    const endpoint: Endpoint = { kind: "tcp", host: "0.0.0.0", port };
    await expect(connectToServer({ endpoint, environment }, never)).rejects.toMatchObject({
      code: "adb-failed",
      message: `no adb server listens at tcp:0.0.0.0:${port}`,
      hint: expect.stringContaining("on that host"),
    });
    expect(calls()).toBe("");
  });

  it("says what to install where there is no adb", async () => {
    const environment = { PATH: folder };
    await expect(connectToServer({ endpoint: await unusedPort(), environment }, never)).rejects.toMatchObject(
      {
        code: "adb-not-found",
        exitStatus: 3,
        hint: expect.stringContaining("apt install adb"),
      },
    );
  });

  it("is not waited for after an abort", async () => {
    const environment = adbThat("exec sleep 600");
    const abort = new AbortController();
    const connecting = connectToServer({ endpoint: await unusedPort(), environment }, abort.signal);
    const outcome = expect(connecting).rejects.toThrow("enough");
    await expect.poll(calls, { timeout: 60_000 }).not.toBe("");
    abort.abort(new Error("enough"));
    await outcome;
  });
});

describe("adb itself", () => {
  const program = (...path: string[]) => {
    const file = join(folder, ...path, "adb");
    mkdirSync(join(folder, ...path), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0o755);
    return file;
  };

  it("is looked for in ADB, ANDROID_HOME, ANDROID_SDK_ROOT, PATH", () => {
    const environment = {
      ADB: "/opt/adb",
      ANDROID_HOME: "/home/sdk",
      ANDROID_SDK_ROOT: "/root/sdk",
      PATH: "/a::/b",
    };
    expect(adbCandidates(environment)).toEqual([
      "/opt/adb",
      "/home/sdk/platform-tools/adb",
      "/root/sdk/platform-tools/adb",
      "/a/adb",
      "/b/adb",
    ]);
    expect(adbCandidates({ ADB: "", ANDROID_HOME: "", PATH: "" })).toEqual([]);
  });

  it("is the first of them that can be run", () => {
    const sdk = program("sdk", "platform-tools");
    const path = program("path");
    const environment = {
      ADB: join(folder, "absent"),
      ANDROID_HOME: join(folder, "sdk"),
      PATH: join(folder, "path"),
    };
    expect(findAdb(environment)).toBe(sdk);
    chmodSync(sdk, 0o644);
    expect(findAdb(environment)).toBe(path);
    rmSync(path);
    mkdirSync(path);
    expect(findAdb(environment)).toBeUndefined();
  });
});

/** A port of the loopback interface at which nobody listens. */
async function unusedPort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return { kind: "tcp", host: "127.0.0.1", port: address.port } as const;
}
