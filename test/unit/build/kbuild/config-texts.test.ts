import { expect, it } from "vitest";
import { autoConf, dotConfig, optionsForMake } from "../../../../host/build/kbuild/config-texts.js";

const config = new Map([
  ["CONFIG_SMP", "y"],
  ["CONFIG_CLANG_TEXT", '"Debian clang version 16.0.6 (15~deb12u1)"'],
  ["CONFIG_NLS", "m"],
  ["CONFIG_HZ", "250"],
  ["CONFIG_START", "0x10ff"],
  ["CONFIG_CC_VERSION_TEXT", '"gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"'],
]);

it("is a .config, with options turned off", () => {
  expect(dotConfig(config, ["CONFIG_SMP", "CONFIG_RUST"])).toBe(
    'CONFIG_CLANG_TEXT="Debian clang version 16.0.6 (15~deb12u1)"\nCONFIG_NLS=m\nCONFIG_HZ=250\nCONFIG_START=0x10ff\nCONFIG_CC_VERSION_TEXT="gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"\n' +
      "# CONFIG_SMP is not set\n# CONFIG_RUST is not set\n",
  );
});

it("is an auto.conf whose strings have quotes before 5.17 alone", () => {
  expect(autoConf(config, "5.15.1")).toContain('TEXT="gcc-12 (Debian');
  expect(autoConf(config, "6.1.57")).toContain("TEXT=gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0\n");
});

it("has nothing that make or its shell would run", () => {
  const hostile = [
    '"$(shell id)"',
    '"`id`"',
    '"a;id"',
    '"a|id"',
    '"\\"; id; \\""',
    "$(shell id)",
    "y; id",
    '"a#b"',
    '"&"',
    "'",
  ];
  const all = new Map([
    ...config,
    ...hostile.map((value, index): [string, string] => [`CONFIG_X${index}`, value]),
  ]);
  expect(optionsForMake(all)).toEqual(config);
});
