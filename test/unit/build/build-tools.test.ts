import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBuildTools } from "../../../host/build/build-tools.js";
import { elfHeader, elfMachines } from "../../support/elf-header.js";

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "kheaders-tools-"));
});
afterEach(() => rmSync(tree, { recursive: true }));

function write(path: string, content: Uint8Array | string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

const linux = { platform: "linux", machine: "x86_64" };

describe("the build tools of a tree", () => {
  it.each([
    { machine: elfMachines.x86_64, host: linux, told: { machine: "x86_64", runHere: true } },
    { machine: elfMachines.aarch64, host: linux, told: { machine: "aarch64", runHere: false } },
    {
      machine: elfMachines.arm,
      host: { ...linux, machine: "armv7l" },
      told: { machine: "arm", runHere: true },
    },
    {
      machine: elfMachines.x86_64,
      host: { ...linux, platform: "darwin" },
      told: { machine: "x86_64", runHere: false },
    },
  ])(
    "made for $told.machine run on $host.platform $host.machine: $told.runHere",
    ({ machine, host, told }) => {
      write("scripts/mod/modpost", elfHeader(machine));
      expect(readBuildTools(tree, host)).toEqual(told);
    },
  );

  it("of several machines are told by the one that does not run here", () => {
    write("scripts/basic/fixdep", elfHeader(elfMachines.x86_64));
    write("tools/objtool/objtool", elfHeader(elfMachines.aarch64));
    expect(readBuildTools(tree, linux)).toEqual({ machine: "aarch64", runHere: false });
  });

  it("are none where nothing was built, or no program lies in their place", () => {
    expect(readBuildTools(tree, linux)).toBeUndefined();
    write("scripts/basic/fixdep", "#!/bin/sh\n");
    mkdirSync(join(tree, "scripts/mod/modpost"), { recursive: true });
    expect(readBuildTools(tree, linux)).toBeUndefined();
  });
});
