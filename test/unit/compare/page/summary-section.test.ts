import { describe, expect, it } from "vitest";
import type { KernelDiff } from "../../../../host/compare/diff/kernel-diff.js";
import { joined } from "../../../../host/compare/page/html.js";
import { summarySection } from "../../../../host/compare/page/summary-section.js";
import { kernelSide } from "../../../support/kernel-sides.js";

const summary = (diff: Partial<KernelDiff>) =>
  joined([
    ...summarySection(
      {
        old: kernelSide("6.1.0"),
        new: { ...kernelSide("6.12.0"), serial: "0123" },
        config: undefined,
        headers: undefined,
        types: undefined,
        symbols: undefined,
        ...diff,
      },
      new Map(),
    ),
  ]).text;

describe("the summary of the page", () => {
  it("has what is known of the kernels", () => {
    const text = summary({});
    expect(text).toContain("<tr><th>Release<td><code>6.1.0</code><td><code>6.12.0</code>");
    expect(text).toContain('<tr><th>Serial<td class="unset">unknown<td><code>0123</code>');
    expect(text).not.toContain("Fingerprint");
  });

  it("counts what differs in each part", () => {
    const text = summary({
      headers: {
        diff: {
          files: [
            { path: "a.h", change: "added" },
            { path: "b.h", change: "changed" },
          ],
          same: 1234,
        },
      },
      types: { unknown: "no BTF" },
    });
    expect(text).toContain(
      'Header files</a><td class="added">1<td class="zero">0<td class="changed">1<td>1,234\n',
    );
    expect(text).toContain(
      '<a href="#types">Structs, unions and enums</a><td colspan="4" class="unset">not compared',
    );
    expect(text).not.toContain("#symbols");
  });
});
