import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type TypesOptions, withTypes } from "../../../../host/compare/layout/with-types.js";
import { completePullOptions, openCache } from "../../../../host/pull/options.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

let folder: string;
let options: TypesOptions;

beforeAll(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  folder = mkdtempSync(join(tmpdir(), "kheaders-types-"));
  writeFileSync(join(folder, "kernel.btf"), rawBtf([rawInt("int", 4)]));
  writeFileSync(
    join(folder, "module.btf"),
    rawBtf([rawStruct("own", 0, [])], { baseNames: "\0int\0".length }),
  );
  const cache = await openCache({ dir: join(folder, "cache") });
  const pull = await completePullOptions({ cache });
  options = { ...pull, clang: "clang", from: undefined, module: undefined, base: undefined };
});
afterAll(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

describe("the types of a file", () => {
  it("are opened without a device", async () => {
    expect(await withTypes(join(folder, "kernel.btf"), options, (btf) => btf.endId)).toBe(2);
  });

  it("of a module are opened with the kernel's", async () => {
    const base = join(folder, "kernel.btf");
    const ids = withTypes(join(folder, "module.btf"), { ...options, base }, (btf) => btf.idsNamed("own"));
    await expect(ids).resolves.toEqual([2]);
  });
});

describe("options that do not go together", () => {
  const types = (what: string | undefined, more: Partial<TypesOptions>) =>
    withTypes(what, { ...options, ...more }, () => undefined);

  it.each([undefined, "3f786850e387"])("are --base without a file (%s)", async (what) => {
    await expect(types(what, { base: "vmlinux" })).rejects.toMatchObject({
      code: "usage",
      message: "--base is only for a file with a module's BTF",
    });
  });

  it("are --module and a tree or file", async () => {
    await expect(types(join(folder, "kernel.btf"), { module: "nf_conntrack" })).rejects.toMatchObject({
      code: "usage",
      message: "--module reads the types from the device, and takes no tree or file",
    });
  });
});
