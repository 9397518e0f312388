import { describe, expect, it } from "vitest";
import { assertUsable, chooseDevice, type Device, parseDevices } from "../../../host/adb/devices.js";

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

describe("the server's list", () => {
  it("is read with states that hold spaces", () => {
    expect(devices.map(({ serial, state }) => [serial, state])).toEqual([
      ["8A2X12345", "device"],
      ["emulator-5554", "device"],
      ["192.168.0.7:5555", "device"],
      ["ZY22", "unauthorized"],
      ["R58M", "offline"],
      ["0123456789", "no permissions"],
      ["FA7AB", "recovery"],
    ]);
  });

  it("tells cables from emulators and networks", () => {
    expect(devices.filter((device) => device.usb).map((device) => device.serial)).toEqual([
      "8A2X12345",
      "ZY22",
      "0123456789",
      "FA7AB",
    ]);
  });

  it("has models and transport ids where the server knows them", () => {
    expect(devices[0]).toMatchObject({ model: "Pixel_6", transportId: "1" });
    expect(devices[3]).toMatchObject({ model: undefined, transportId: "4" });
  });

  it("may be of a server too old for transport ids and the word usb", () => {
    expect(
      parseDevices("8A2X12345              device 1-1.2 product:oriole model:Pixel_6 device:oriole"),
    ).toEqual([
      { serial: "8A2X12345", state: "device", model: "Pixel_6", transportId: undefined, usb: true },
    ]);
  });

  it.each(["(no serial number)", "adb-8A2X12345-Ab1Cd2 (2)._adb-tls-connect._tcp"])(
    "may hold the serial %s",
    (serial) => {
      const [device] = parseDevices(
        `${serial.padEnd(22)} device product:x model:X device:x transport_id:9\n`,
      );
      expect(device).toMatchObject({ serial, state: "device", transportId: "9" });
    },
  );

  it("may be empty", () => {
    expect(parseDevices("")).toEqual([]);
  });
});

describe("the device that is meant", () => {
  const [pixel, emulator, network] = devices;
  const usable = devices.slice(0, 3);

  it("is the only one", () => {
    expect(chooseDevice(usable.slice(1, 2), {})).toBe(emulator);
  });

  it("is the one with the serial", () => {
    expect(chooseDevice(devices, { serial: "192.168.0.7:5555" })).toBe(network);
  });

  it("is the one on a cable, for -d", () => {
    expect(chooseDevice(usable, { usb: true })).toBe(pixel);
  });

  it("is an emulator or a network device, for -e", () => {
    expect(chooseDevice(usable.slice(0, 2), { emulator: true })).toBe(emulator);
    expect(chooseDevice([usable[0], usable[2]].filter(isDevice), { emulator: true })).toBe(network);
  });

  it("is one of two with the same serial, by its transport id", () => {
    const twins = parseDevices("1234 device usb:1-1 transport_id:11\n1234 device usb:1-2 transport_id:12\n");
    expect(chooseDevice(twins, { transportId: "12" })).toBe(twins[1]);
    expect(() => chooseDevice(twins, { serial: "1234" })).toThrow(
      expect.objectContaining({ code: "several-devices" }),
    );
  });

  it("is not guessed: the error lists all with state and model", () => {
    expect(() => chooseDevice(devices, {})).toThrow(
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
    expect(() => chooseDevice(there, choice)).toThrow(
      expect.objectContaining({
        code,
        exitStatus: 3,
        message: expect.stringMatching(says),
        hint: expect.stringMatching(/./),
      }),
    );
  });
});

describe("a device's state", () => {
  it.each(["device", "recovery", "rescue"])("%s lets it run commands", (state) => {
    expect(() => assertUsable(inState(state))).not.toThrow();
  });

  it.each([
    ["authorizing", "device-unauthorized"],
    ["connecting", "device-offline"],
    ["sideload", "device-unusable"],
    ["bootloader", "device-unusable"],
  ])("%s does not", (state, code) => {
    expect(() => assertUsable(inState(state))).toThrow(expect.objectContaining({ code, exitStatus: 3 }));
  });

  it("moves no cursor where it is shown", () => {
    expect(() => assertUsable(inState("\x1b[2J"))).toThrow(/"\\x1b\[2J"/);
  });
});

function inState(state: string): Device {
  return { serial: "1234", state, model: undefined, transportId: "1", usb: true };
}

function isDevice(device: Device | undefined): device is Device {
  return device !== undefined;
}
