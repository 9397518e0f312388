import { describe, expect, it } from "vitest";
import {
  configOf,
  differingMacros,
  ikheadersOf,
  macrosOf,
  parseAutoconf,
  parseDotConfig,
} from "../../../host/kernel/config.js";

const dotConfig = `#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.1.57 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="Android (8508608) clang version 14.0.7 (a=b, \\"c\\")"
CONFIG_64BIT=y
CONFIG_IKHEADERS=m
CONFIG_LOG_BUF_SHIFT=18
CONFIG_PHYSICAL_START=0x1000000
CONFIG_LOCALVERSION=""
# CONFIG_MODULE_SIG_FORCE is not set
`;

const autoconf = `/*
 *
 * Automatically generated file; DO NOT EDIT.
 */
#define CONFIG_LOG_BUF_SHIFT 18
#define CONFIG_CC_VERSION_TEXT "Android (8508608) clang version 14.0.7 (a=b, \\"c\\")"
#define CONFIG_LOCALVERSION ""
#define CONFIG_IKHEADERS_MODULE 1
#define CONFIG_64BIT 1
#define CONFIG_PHYSICAL_START 0x1000000
`;

describe("a kernel's configuration", () => {
  const config = parseDotConfig(dotConfig);

  it("holds what is set, as it is written", () => {
    expect(Object.fromEntries(config)).toEqual({
      CONFIG_CC_VERSION_TEXT: '"Android (8508608) clang version 14.0.7 (a=b, \\"c\\")"',
      CONFIG_64BIT: "y",
      CONFIG_IKHEADERS: "m",
      CONFIG_LOG_BUF_SHIFT: "18",
      CONFIG_PHYSICAL_START: "0x1000000",
      CONFIG_LOCALVERSION: '""',
    });
  });

  it("agrees with the autoconf.h that was made from it", () => {
    expect(differingMacros(macrosOf(config), parseAutoconf(autoconf))).toEqual([]);
  });

  it.each([
    {
      what: "=m in place of =y",
      from: "64BIT=y",
      to: "64BIT=m",
      differing: ["CONFIG_64BIT", "CONFIG_64BIT_MODULE"],
    },
    { what: "another number", from: "SHIFT=18", to: "SHIFT=17", differing: ["CONFIG_LOG_BUF_SHIFT"] },
    { what: "another text", from: "14.0.7", to: "14.0.8", differing: ["CONFIG_CC_VERSION_TEXT"] },
    { what: "one more", from: "CONFIG_64BIT", to: "CONFIG_A=y\nCONFIG_64BIT", differing: ["CONFIG_A"] },
    { what: "one less", from: "CONFIG_64BIT=y\n", to: "", differing: ["CONFIG_64BIT"] },
  ])("differs from it by $what", ({ from, to, differing }) => {
    const other = parseDotConfig(dotConfig.replace(from, to));
    expect(differingMacros(macrosOf(other), parseAutoconf(autoconf))).toEqual(differing);
  });

  it.each([
    ["0", "0x0"],
    ["deadBEEF", "0xdeadbeef"],
    ["0X10", "0x10"],
    ["0x0010", "0x10"],
    ["007", "7"],
    ["-1", "-1"],
  ])("agrees with another spelling of one value: %s and %s", (config, macro) => {
    const [dotted, defined] = [`CONFIG_X=${config}\n`, `#define CONFIG_X ${macro}\n`];
    expect(differingMacros(macrosOf(parseDotConfig(dotted)), parseAutoconf(defined))).toEqual([]);
  });

  it.each([
    ["16", "0x10"],
    ["10", "1"],
    ["0x", "0x0"],
    ['"0x10"', "0x10"],
    ['"7"', '"07"'],
    ["-1", "1"],
  ])("differs from another value: %s and %s", (config, macro) => {
    const [dotted, defined] = [`CONFIG_X=${config}\n`, `#define CONFIG_X ${macro}\n`];
    expect(differingMacros(macrosOf(parseDotConfig(dotted)), parseAutoconf(defined))).toEqual(["CONFIG_X"]);
  });

  it("may be empty", () => {
    expect(parseDotConfig("").size).toBe(0);
    expect(parseAutoconf("").size).toBe(0);
  });

  it.each([
    ["CONFIG_IKHEADERS=y\n", "y"],
    ["CONFIG_IKHEADERS=m\n", "m"],
    ["CONFIG_IKHEADERS_PROC=m\n", "m"],
    ["# CONFIG_IKHEADERS is not set\n", null],
  ])("tells how the headers are offered: %j", (text, offered) => {
    expect(ikheadersOf(parseDotConfig(text))).toBe(offered);
  });
});

describe("the configuration that macros come from", () => {
  it("is the one that gave the macros, sorted by option", () => {
    const config = parseDotConfig(dotConfig);
    const back = configOf(macrosOf(config));
    expect(Object.fromEntries(back)).toEqual(Object.fromEntries(config));
    expect([...back.keys()]).toEqual([...config.keys()].sort());
  });

  it("says what is built in, what is a module, and what has a value", () => {
    expect(Object.fromEntries(configOf(parseAutoconf(autoconf)))).toMatchObject({
      CONFIG_64BIT: "y",
      CONFIG_IKHEADERS: "m",
      CONFIG_LOG_BUF_SHIFT: "18",
      CONFIG_LOCALVERSION: '""',
    });
  });

  it("keeps a value that is a number for an option named like a module", () => {
    expect(configOf(new Map([["CONFIG_X_MODULE", "3"]])).get("CONFIG_X_MODULE")).toBe("3");
  });
});
