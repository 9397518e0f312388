import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBtf, openBtfMeanwhile } from "../../../../host/kernel/btf/open.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-open-btf-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("a file with BTF", () => {
  it("is opened, with the kernel's for a module's", () => {
    const kernel = openBtf(written("kernel", rawBtf([rawInt("int", 4)])));
    const module = written("module", rawBtf([rawStruct("own", 0, [])], { baseNames: "\0int\0".length }));
    expect(openBtf(module, kernel).idsNamed("own")).toEqual([2]);
  });

  it("is named where it is damaged, or cannot be read", () => {
    const damaged = written("damaged", Buffer.from("no BTF\x1b"));
    const message = `${damaged}: this is not valid BTF: it does not begin as BTF does`;
    expect(() => openBtf(damaged)).toThrow(expect.objectContaining({ code: "btf-corrupt", message }));
    const missing = join(folder, "missing");
    expect(() => openBtf(missing)).toThrow(
      expect.objectContaining({
        code: "usage",
        message: `cannot read ${missing}: no such file or directory`,
      }),
    );
    expect(() => openBtf(folder)).toThrow(/^cannot read .*: illegal operation on a directory$/);
  });

  it("is not read where it is larger than any", async () => {
    const huge = written("huge", Buffer.alloc(0));
    truncateSync(huge, 2 ** 30 + 1);
    const message = `${huge} is too large (1073741825 bytes)`;
    expect(() => openBtf(huge)).toThrow(message);
    await expect(openBtfMeanwhile(huge)).rejects.toThrow(message);
  });

  it("is the same if it is read while other work is done, and so are its faults", async () => {
    const kernel = await openBtfMeanwhile(written("kernel", rawBtf([rawInt("int", 4)])));
    expect(kernel.idsNamed("int")).toEqual([1]);
    const damaged = written("damaged", Buffer.from("no BTF"));
    await expect(openBtfMeanwhile(damaged)).rejects.toMatchObject({ code: "btf-corrupt" });
    await expect(openBtfMeanwhile(folder)).rejects.toThrow(
      /^cannot read .*: illegal operation on a directory$/,
    );
  });
});
