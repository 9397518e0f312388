import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { KernelDiff } from "../../../../host/compare/diff/kernel-diff.js";
import { pageOf } from "../../../../host/compare/page/page.js";
import { kernelSide } from "../../../support/kernel-sides.js";
import { symbolsDiff } from "../../../support/symbols-diff.js";

const nothing: KernelDiff = {
  old: kernelSide("6.1.0"),
  new: kernelSide("6.12.0"),
  config: undefined,
  headers: undefined,
  types: undefined,
  symbols: undefined,
};
const page = (diff: Partial<KernelDiff>) => [...pageOf({ ...nothing, ...diff })].join("");

describe("the page of a comparison", () => {
  it("allows its own style and script, by their hashes, and nothing else", () => {
    const text = page({});
    const policy =
      /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1]?.replaceAll("&#39;", "'") ?? "";
    const hash = (tag: string) => {
      const [, inner = ""] = new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(text) ?? [];
      return `'sha256-${createHash("sha256").update(inner).digest("base64")}'`;
    };
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src ${hash("style")}`,
      `script-src ${hash("script")}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(text).not.toMatch(/https?:|\bsrc=|\burl\(|@import|\bstyle=|\bon\w+=/);
  });

  it("has the parts that were compared, and says why one could not be", () => {
    const text = page({ symbols: { unknown: "the old kernel has no symbol versions" } });
    expect(text).toContain('<a href="#symbols">Symbols</a>');
    expect(text).toContain("Not compared: the old kernel has no symbol versions.");
    expect(text).not.toContain('href="#config"');
  });

  it("escapes what kernels say", () => {
    const hostile = `</title><script>alert(1)</script>"'\u202e`;
    const side = kernelSide(hostile);
    const text = page({
      old: { ...side, serial: hostile, kernel: { ...side.kernel, version: hostile, fingerprint: hostile } },
      config: {
        diff: {
          from: { old: "device", new: "device" },
          options: [{ option: hostile, old: hostile, new: undefined }],
        },
      },
      headers: { diff: { files: [{ path: hostile, change: "added" }], same: 0 } },
      types: { unknown: hostile },
      symbols: { diff: symbolsDiff([{ name: hostile, old: 1, new: undefined }]) },
    });
    expect(text.match(/<script/g)?.length).toBe(1);
    expect(text.match(/<\/title>/g)?.length).toBe(1);
    expect(text).not.toContain("\u202e");
  });

  it("leads from the summary to each type that many programs read", () => {
    const type = {
      kind: "struct",
      name: "task_struct",
      isTypedef: false,
      change: "changed",
      oldSize: 8,
      newSize: 16,
      oldId: 1,
      newId: 1,
    } as const;
    const text = page({
      types: {
        diff: {
          from: { old: "device", new: "device" },
          types: [type],
          same: 0,
          has: () => true,
          details: () => ({ old: undefined, new: undefined, members: [] }),
        },
      },
    });
    expect(text).toContain('<a href="#struct-task_struct"><code>struct task_struct</code></a>');
    expect(text).toContain('id="struct-task_struct"');
  });
});
