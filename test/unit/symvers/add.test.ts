import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mergedText, readSymversFile } from "../../../host/symvers/add.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const file = join(folder, "Module.symvers");
  writeFileSync(file, text);
  return file;
}

const line = (crc: string, symbol: string, kind = "EXPORT_SYMBOL", module = "vmlinux") =>
  `0x${crc}\t${symbol}\t${module}\t${kind}\t\n`;

describe("a Module.symvers that is added", () => {
  it("completes what was collected: its kinds of export count, and other modules' symbols stay", () => {
    const file = readSymversFile(
      fileWith(line("00000001", "kfree", "EXPORT_SYMBOL_GPL") + line("00000002", "vfree")),
    );
    const collected = line("00000001", "kfree") + line("00000003", "vendor_help", "EXPORT_SYMBOL", "vendor");
    expect(mergedText(collected, file)).toBe(
      line("00000001", "kfree", "EXPORT_SYMBOL_GPL") +
        line("00000002", "vfree") +
        line("00000003", "vendor_help", "EXPORT_SYMBOL", "vendor"),
    );
  });

  it("is refused if one version differs", () => {
    const file = readSymversFile(fileWith(line("00000009", "kfree")));
    expect(() => mergedText(line("00000001", "kfree"), file)).toThrow(
      expect.objectContaining({
        code: "symbol-conflict",
        message: expect.stringContaining(
          "is of another kernel: kfree has the version 0x00000009 in it, and 0x00000001 on the device",
        ),
      }),
    );
  });

  it("must be one", () => {
    const usage = expect.objectContaining({ code: "usage" });
    expect(() => readSymversFile(fileWith("<html>\n"))).toThrow(usage);
    expect(() => readSymversFile(folder)).toThrow(usage);
    expect(() => readSymversFile(join(folder, "none"))).toThrow(usage);
  });
});
