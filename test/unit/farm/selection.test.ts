import { describe, expect, it } from "vitest";
import type { Device } from "../../../host/adb/devices.js";
import { namedTargets, selectTargets } from "../../../host/farm/selection.js";
import { KheadersError } from "../../../shared/errors.js";

const device = (serial: string, about: Partial<Device> = {}): Device => ({
  serial,
  state: "device",
  model: "Pixel_8",
  transportId: undefined,
  usb: true,
  ...about,
});

const serialsOf = (...arguments_: Parameters<typeof selectTargets>) =>
  selectTargets(...arguments_).targets.map(({ serial }) => serial);

describe("all devices", () => {
  const listed = [
    device("usb"),
    device("net", { usb: false, model: "Board" }),
    device("locked", { state: "unauthorized" }),
    device("rescue", { state: "recovery" }),
  ];

  it("are those that can be used; the others are told with the reason", () => {
    const { targets, skipped } = selectTargets(listed, {});
    expect(targets.map(({ serial }) => serial)).toEqual(["usb", "net", "rescue"]);
    expect(skipped).toEqual([
      { serial: "locked", reason: expect.objectContaining({ code: "device-unauthorized" }) },
    ]);
  });

  it("may be those of a kind", () => {
    expect(serialsOf(listed, { usb: true })).toEqual(["usb", "rescue"]);
    expect(serialsOf(listed, { emulator: true })).toEqual(["net"]);
    expect(serialsOf(listed, { match: [{ key: "model", glob: "Bo*" }] })).toEqual(["net"]);
  });

  it("are meant by their serials, which outlive a reconnection", () => {
    const { targets } = selectTargets([device("a", { transportId: "7" })], {});
    expect(targets).toEqual([{ serial: "a", choice: { serial: "a" } }]);
  });

  it("with one serial are meant by their transport ids", () => {
    const twins = [device("0123456789", { transportId: "1" }), device("0123456789", { transportId: "2" })];
    const { targets } = selectTargets(twins, {});
    expect(targets.map(({ choice }) => choice)).toEqual([{ transportId: "1" }, { transportId: "2" }]);
  });

  it.each([
    [[], "no device is connected"],
    [[device("a")], "no connected device matches: a"],
    [[device("b", { model: "X", state: "offline" })], "no device can be used: b is offline"],
  ])("must be one at least: %j", (devices, message) => {
    const select = () => selectTargets(devices, { match: [{ key: "model", glob: "X" }] });
    expect(select).toThrowError(expect.objectContaining({ code: "no-device", message }));
    expect(select).toThrowError(KheadersError);
  });
});

it("named devices are taken once each, in their order", () => {
  expect(namedTargets(["b", "a", "b"]).map(({ serial }) => serial)).toEqual(["b", "a"]);
});
