import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBtf, openBtfMeanwhile, withOpenBtf } from "../../../../host/kernel/btf/open.js";
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

  // Types and names reach over several of the pieces in which a file is searched.
  const names = Array.from({ length: 30_000 }, (_, number) => `a_name_with_more_${number % 25_000}`);
  const many = names.map((name) => rawInt(name, 4));

  it("has the same types where it is read as far as the work needs", () => {
    for (const littleEndian of [true, false]) {
      const path = written("many", rawBtf(many, { littleEndian }));
      const whole = openBtf(path);
      for (const at of [0, 1, 4_095, 16_383, 16_384, 21_845, 24_999, 29_999]) {
        const name = names[at] ?? "";
        const found = withOpenBtf(path, undefined, (btf) =>
          btf.idsNamed(name).map((id) => ({ id, name: btf.nameOf(id), type: btf.type(id) })),
        );
        expect(found.map(({ name: own }) => own)).toEqual(found.map(() => name));
        expect(found.map(({ id }) => id)).toEqual(whole.idsNamed(name));
        expect(found.map(({ type }) => type)).toEqual(found.map(({ id }) => whole.type(id)));
      }
      expect(withOpenBtf(path, undefined, (btf) => [...btf.named()])).toEqual([...whole.named()]);
      expect(withOpenBtf(path, undefined, (btf) => btf.endId)).toBe(30_001);
      expect(withOpenBtf(path, undefined, (btf) => btf.idsNamed("no_such_name"))).toEqual([]);
    }
  });

  it("is refused alike where it is read as far as the work needs", () => {
    const bytes = rawBtf(many.slice(0, 6_000));
    const cut = written("cut", bytes.subarray(0, -2));
    expect(() => withOpenBtf(cut, undefined, () => undefined)).toThrow(
      `${cut}: this is not valid BTF: its strings lie outside of it`,
    );
    // A kind that is not known, behind what is read first.
    bytes[24 + 5_000 * 16 + 7] = 0x7e;
    const strange = written("strange", bytes);
    expect(() => withOpenBtf(strange, undefined, (btf) => btf.endId)).toThrow("unknown kind");
    expect(withOpenBtf(strange, undefined, (btf) => btf.nameOf(1))).toBe(names[0]);
    const text = written("text", Buffer.from("no BTF"));
    expect(() => withOpenBtf(text, undefined, () => undefined)).toThrow("it does not begin as BTF does");
    const empty = written("empty", Buffer.alloc(0));
    expect(() => withOpenBtf(empty, undefined, () => undefined)).toThrow("it does not begin as BTF does");
    expect(() => withOpenBtf(folder, undefined, () => undefined)).toThrow(
      /^cannot read .*: illegal operation/,
    );
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
