import { describe, expect, it } from "vitest";
import { diffConfigs } from "../../../../host/compare/diff/config.js";
import { parseDotConfig } from "../../../../host/kernel/config.js";

describe("the differences of two configurations", () => {
  const old = parseDotConfig(
    'CONFIG_SMP=y\nCONFIG_HZ=250\nCONFIG_GONE=m\n# CONFIG_NEW is not set\nCONFIG_NAME="a b"\nCONFIG_BASE=0x1000\n',
  );
  const now = parseDotConfig(
    'CONFIG_NAME="a c"\nCONFIG_NEW=y\nCONFIG_SMP=y\nCONFIG_HZ=1000\n# CONFIG_GONE is not set\nCONFIG_BASE=0x1000\n',
  );

  it("are the options with both values, by name, wherever they stand", () => {
    expect(diffConfigs(old, now)).toEqual([
      { option: "CONFIG_GONE", old: "m", new: undefined },
      { option: "CONFIG_HZ", old: "250", new: "1000" },
      { option: "CONFIG_NAME", old: '"a b"', new: '"a c"' },
      { option: "CONFIG_NEW", old: undefined, new: "y" },
    ]);
  });

  it("are the same backwards, and none of a configuration to itself", () => {
    const swapped = diffConfigs(now, old).map((change) => ({ ...change, old: change.new, new: change.old }));
    expect(swapped).toEqual(diffConfigs(old, now));
    expect(diffConfigs(old, old)).toEqual([]);
  });

  it("are not in how a number is spelled", () => {
    const spelled = (value: string) => new Map([["CONFIG_PHYS", value]]);
    expect(diffConfigs(spelled("0x1000000"), spelled("1000000"))).toEqual([]);
    expect(diffConfigs(spelled("0xA0"), spelled("0xa0"))).toEqual([]);
    expect(diffConfigs(spelled('"1"'), spelled("1"))).toHaveLength(1);
  });
});
