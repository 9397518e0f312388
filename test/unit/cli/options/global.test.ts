import { Command } from "commander";
import { describe, expect, it } from "vitest";
import {
  addGlobalOptions,
  choiceOf,
  type GlobalFlags,
  serverOf,
  waitOf,
} from "../../../../host/cli/options/global.js";

/** The flags of a command line. */
function flagsOf(...args: string[]): GlobalFlags {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addGlobalOptions(program);
  program.action(() => undefined);
  return program.parse(args, { from: "user" }).opts<GlobalFlags>();
}

describe("the device", () => {
  const environment = { ANDROID_SERIAL: "from-environment" };

  it.each([
    [["-s", "a"], { serial: "a" }],
    [["-s", "a", "-s", "a"], { serial: "a" }],
    [["-s", "a", "-d"], { serial: "a" }],
    [["-t", "7", "-s", "a"], { transportId: "7" }],
    [["-d"], { usb: true }],
    [["-e"], { emulator: true }],
    [[], { serial: "from-environment" }],
  ])("that %j chooses is %j", (args, choice) => {
    expect(choiceOf(flagsOf(...args), environment)).toEqual(choice);
  });

  it("is the only one where nothing chooses", () => {
    expect(choiceOf(flagsOf(), {})).toEqual({});
    expect(choiceOf(flagsOf(), { ANDROID_SERIAL: "" })).toEqual({});
  });

  it("is one: several -s are an error", () => {
    expect(() => choiceOf(flagsOf("-s", "a", "-s", "b"), {})).toThrowError(
      expect.objectContaining({
        code: "usage",
        message: "this command takes one device, but -s was given several times",
      }),
    );
  });
});

describe("the adb server", () => {
  it("is the one of the flags, else of the environment", () => {
    const environment = { ANDROID_ADB_SERVER_PORT: "1" };
    expect(serverOf(flagsOf("-P", "5038"), environment).endpoint).toEqual({
      kind: "tcp",
      host: "localhost",
      port: 5038,
    });
    expect(serverOf(flagsOf(), environment).endpoint).toMatchObject({ port: 1 });
  });

  it.each(["0", "65536", "x", "-1"])("has no port %j", (port) => {
    expect(() => flagsOf(`-P${port}`)).toThrowError(expect.objectContaining({ code: "usage" }));
  });
});

describe("the wait for a device", () => {
  it.each([
    [[], 0],
    [["--wait"], Number.POSITIVE_INFINITY],
    [["--wait=2.5"], 2.5],
  ])("with %j is %d s", (args, seconds) => {
    expect(waitOf(flagsOf(...args))).toBe(seconds);
  });
});

it("--timeout is 300 s if it is not given", () => {
  expect(flagsOf().timeout).toBe(300);
});
