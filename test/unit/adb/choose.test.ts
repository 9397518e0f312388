import { afterEach, describe, expect, it } from "vitest";
import { chooseDevice, chooseListed } from "../../../host/adb/choose.js";
import { type Device, type DeviceChoice, parseDevices } from "../../../host/adb/devices.js";
import { FakeAdbServer } from "../../support/fake-adb-server.js";

const listing = [
  "8A2X12345              device usb:1-1.2 product:oriole model:Pixel_6 device:oriole transport_id:1",
  "emulator-5554          device product:sdk_gphone64_x86_64 model:sdk_gphone64_x86_64 device:emu64xa transport_id:2",
  "192.168.0.7:5555       device product:cheetah model:Pixel_7 device:cheetah transport_id:3",
  "ZY22                   unauthorized usb:1-3 transport_id:4",
  "R58M                   offline transport_id:5",
  "0123456789             no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-4 transport_id:6",
  "FA7AB                  recovery usb:2-1 product:x model:X device:x transport_id:7",
  "",
].join("\n");

const devices = parseDevices(listing);

describe("the device that is meant, by the list", () => {
  const [pixel, emulator, network] = devices;
  const usable = devices.slice(0, 3);

  it("is the only one", () => {
    expect(chooseListed(usable.slice(1, 2), {})).toBe(emulator);
  });

  it("is the one with the serial", () => {
    expect(chooseListed(devices, { serial: "192.168.0.7:5555" })).toBe(network);
  });

  it("is the one on a cable, for -d", () => {
    expect(chooseListed(usable, { usb: true })).toBe(pixel);
  });

  it("is an emulator or a network device, for -e", () => {
    expect(chooseListed(usable.slice(0, 2), { emulator: true })).toBe(emulator);
    expect(chooseListed([usable[0], usable[2]].filter(isDevice), { emulator: true })).toBe(network);
  });

  it("is one of two with the same serial, by its transport id", () => {
    const twins = parseDevices("1234 device usb:1-1 transport_id:11\n1234 device usb:1-2 transport_id:12\n");
    expect(chooseListed(twins, { transportId: "12" })).toBe(twins[1]);
    expect(() => chooseListed(twins, { serial: "1234" })).toThrow(
      expect.objectContaining({ code: "several-devices" }),
    );
  });

  it("is not guessed: the error lists all with state and model", () => {
    expect(() => chooseListed(devices, {})).toThrow(
      expect.objectContaining({
        code: "several-devices",
        exitStatus: 3,
        message: expect.stringMatching(
          /8A2X12345 \(Pixel_6\), emulator-5554 .*ZY22 \(unauthorized\).*FA7AB \(recovery, X\)/,
        ),
      }),
    );
  });

  it.each([
    { what: "no device at all", from: [], choice: {}, code: "no-device", says: /^no device is connected$/ },
    {
      what: "no cable",
      from: [1, 2],
      choice: { usb: true },
      code: "no-device",
      says: /no USB device.*emulator-5554/,
    },
    {
      what: "no emulator",
      from: [0],
      choice: { emulator: true },
      code: "no-device",
      says: /no emulator.*8A2X12345/,
    },
    {
      what: "another serial",
      from: [0],
      choice: { serial: "X" },
      code: "unknown-serial",
      says: /serial X;.*8A2X12345/,
    },
    {
      what: "another id",
      from: [0],
      choice: { transportId: "8" },
      code: "unknown-serial",
      says: /id 8;.*8A2X12345/,
    },
    { what: "unauthorized", from: [3], choice: {}, code: "device-unauthorized", says: /ZY22/ },
    { what: "offline", from: [4], choice: {}, code: "device-offline", says: /R58M is offline/ },
    {
      what: "no permissions",
      from: [5],
      choice: {},
      code: "device-unusable",
      says: /no permission to open 0123456789/,
    },
  ])("cannot be chosen: $what", ({ from, choice, code, says }) => {
    const there = from.map((index) => devices[index]).filter(isDevice);
    expect(() => chooseListed(there, choice)).toThrow(
      expect.objectContaining({
        code,
        exitStatus: 3,
        message: expect.stringMatching(says),
        hint: expect.stringMatching(/./),
      }),
    );
  });
});

describe("the device that is meant, by the server", () => {
  const never = new AbortController().signal;
  let fake: FakeAdbServer | undefined;
  afterEach(() => fake?.stop());

  /** Chooses with a server that answers a request for a transport with its id, or refuses. */
  async function chosen(listed: readonly Device[], choice: DeviceChoice, answer: bigint | string) {
    fake = await FakeAdbServer.start((_, client) => {
      if (typeof answer === "string") return client.fail(answer);
      const id = Buffer.alloc(8);
      id.writeBigUInt64LE(answer);
      client.okay();
      client.send(id);
    });
    const server = { endpoint: fake.endpoint, environment: {} };
    return (await chooseDevice(server, listed, choice, never)).serial;
  }

  const windows = parseDevices(
    "sg4txchenbnjbir4 device transport_id:1\nodd:4711 device transport_id:2\nemulator-5554 device transport_id:3\n",
  );

  it("is the one that it names, for -d and -e", async () => {
    expect(await chosen(windows.slice(1), { usb: true }, 2n)).toBe("odd:4711");
    expect(fake?.requests).toEqual(["host:tport:usb"]);
    expect(await chosen(windows, { emulator: true }, 3n)).toBe("emulator-5554");
    expect(fake?.requests).toEqual(["host:tport:local"]);
  });

  it("is found without it where the list says all", async () => {
    expect(await chosen(windows, { usb: true, serial: "odd:4711" }, "no")).toBe("odd:4711");
    expect(await chosen(windows, { emulator: true, transportId: "1" }, "no")).toBe("sg4txchenbnjbir4");
    expect(fake?.requests).toEqual([]);
  });

  it.each([
    { choice: { usb: true }, refusal: "more than one device" },
    { choice: { emulator: true }, refusal: "more than one emulator" },
  ])("is not guessed where it says: $refusal", async ({ choice, refusal }) => {
    await expect(chosen(windows, choice, refusal)).rejects.toMatchObject({ code: "several-devices" });
  });

  it("is none where it says so, whatever a serial looks like", async () => {
    await expect(chosen(windows.slice(0, 2), { emulator: true }, "no emulators found")).rejects.toMatchObject(
      {
        code: "no-device",
        message: expect.stringMatching(/^no emulator or network device; connected: sg4t/),
      },
    );
  });

  it("is no emulator with the serial of a USB device", async () => {
    await expect(chosen(windows.slice(0, 1), { emulator: true }, 1n)).rejects.toMatchObject({
      code: "no-device",
    });
  });

  it("is told by its serial where an old server does not know the question", async () => {
    expect(await chosen(windows, { usb: true }, "unknown host service")).toBe("sg4txchenbnjbir4");
  });

  it("may not be usable", async () => {
    const locked = parseDevices("sg4txchenbnjbir4 unauthorized transport_id:1\n");
    await expect(chosen(locked, { usb: true }, "device unauthorized.")).rejects.toMatchObject({
      code: "device-unauthorized",
    });
  });
});

function isDevice(device: Device | undefined): device is Device {
  return device !== undefined;
}
