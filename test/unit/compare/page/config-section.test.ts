import { describe, expect, it } from "vitest";
import type { OptionChange } from "../../../../host/compare/diff/kernel-diff.js";
import { configSection } from "../../../../host/compare/page/config-section.js";
import { joined } from "../../../../host/compare/page/html.js";

const device = { old: "device", new: "device" } as const;
const section = (options: OptionChange[], from: Parameters<typeof part>[1] = device) =>
  joined([...configSection(part(options, from))]).text;
const part = (options: OptionChange[], from: { old: "device" | "headers"; new: "device" | "headers" }) => ({
  diff: { from, options },
});

describe("the configuration in the page", () => {
  it("has old and new values", () => {
    expect(section([{ option: "CONFIG_A", old: undefined, new: '"<x>"' }])).toContain(
      '<tr><th>CONFIG_A<td class="unset">not set<td class="new">&quot;&lt;x&gt;&quot;\n',
    );
  });

  it("says what it is taken from, and that nothing differs", () => {
    expect(section([])).toContain("No option differs.");
    expect(section([], { old: "device", new: "headers" })).toContain(
      "The new configuration is taken from autoconf.h of the headers",
    );
    expect(section([])).not.toContain("autoconf.h");
  });

  it("says why it cannot be compared", () => {
    const text = joined([...configSection({ unknown: "the <old> kernel has none" })]).text;
    expect(text).toContain("Not compared: the &lt;old&gt; kernel has none.");
  });

  it("says how many options are left out", () => {
    const options = Array.from({ length: 5000 }, (_, index) => ({
      option: `CONFIG_${index}_${"X".repeat(100)}`,
      old: "y",
      new: undefined,
    }));
    const text = section(options);
    expect(text.length).toBeLessThan(160_000);
    const shown = text.split("<tr><th>").length - 1;
    expect(text).toContain(`${(5000 - shown).toLocaleString("en")} more options left out`);
  });
});
