import { expect, test } from "vitest";
import { macrosOf, parseAutoconf, parseDotConfig } from "../../../host/kernel/config.js";
import { optionsDigestOf } from "../../../host/sharing/options-digest.js";

const config = (text: string) => optionsDigestOf(macrosOf(parseDotConfig(text)));

test("a device's configuration and the headers of its kernel give the same, in any order", () => {
  const autoconf = '#define CONFIG_USB_MODULE 1\n#define CONFIG_NAME "x"\n#define CONFIG_BPF 1\n';
  const digest = optionsDigestOf(parseAutoconf(autoconf));
  expect(config('CONFIG_BPF=y\nCONFIG_USB=m\n# CONFIG_X is not set\nCONFIG_NAME="x"\n')).toBe(digest);
  expect(config('# of CI\nCONFIG_USB=m\nCONFIG_NAME="x"\nCONFIG_BPF=y\n')).toBe(digest);
});

test("another option gives another", () => {
  expect(config("CONFIG_BPF=y\n")).not.toBe(config("CONFIG_BPF=m\n"));
  expect(config("CONFIG_BPF=y\n")).not.toBe(config("CONFIG_BPF=y\nCONFIG_USB=y\n"));
});
