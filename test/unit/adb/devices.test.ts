import { describe, expect, it } from "vitest";
import { assertUsable, type Device, parseDevices } from "../../../host/adb/devices.js";

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

  it.each([
    "(no serial number)",
    "adb-8A2X12345-Ab1Cd2 (2)._adb-tls-connect._tcp",
    "ZUG 5S",
    "My phone._adb-tls-connect._tcp",
    "a device offline",
    "model:X device",
  ])("may hold the serial %s", (serial) => {
    const [device] = parseDevices(`${serial.padEnd(22)} device product:x model:X device:x transport_id:9\n`);
    expect(device).toMatchObject({ serial, state: "device", transportId: "9" });
  });

  it.each(["device", "offline", "no permissions (no udev rules?); see [http://x]", "a new state"])(
    "may have no details behind the state: %s",
    (state) => {
      const [device] = parseDevices(`1234\t${state}\n`);
      expect(device).toMatchObject({ serial: "1234", state: state.replace(/ \(.*/, "") });
    },
  );

  it("may be of a server on Windows, where no line says usb: the serial tells", () => {
    const serials = [
      "sg4txchenbnjbir4",
      "ZUG 5S",
      "emulator-5554",
      "192.168.0.7:5555",
      "[fe80::1%eth0]:5555",
      "board.local:5555",
      "vsock:3:5555",
      "adb-8A2X12345-Ab1Cd2 (2)._adb-tls-connect._tcp",
    ];
    const listed = parseDevices(
      serials.map((serial) => `${serial} device product:x transport_id:1\n`).join(""),
    );
    expect(listed.map(({ serial }) => serial)).toEqual(serials);
    expect(listed.filter(({ usb }) => usb).map(({ serial }) => serial)).toEqual(serials.slice(0, 2));
  });

  it("is read at once, whatever it holds", () => {
    for (const line of [
      " ".repeat(60_000),
      "no permissions ".repeat(4000),
      `a${" ".repeat(2000)}no permissions`,
    ])
      expect(parseDevices(`${line}!\n`).length).toBeLessThan(2);
  });

  it("may be empty", () => {
    expect(parseDevices("")).toEqual([]);
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
