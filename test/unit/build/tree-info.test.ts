import { expect, it } from "vitest";
import { moduleWarnings } from "../../../host/build/tree-info.js";

const good = {
  buildTools: { machine: "x86_64", runHere: true },
  config: new Map([["CONFIG_MODVERSIONS", "y"]]),
  hasVersions: true,
  machine: "x86_64",
};

it("a tree with all that a module needs causes no warning", () => {
  expect(moduleWarnings(good)).toEqual([]);
});

it("build tools of another machine are told, and which machines these are", () => {
  const warnings = moduleWarnings({ ...good, buildTools: { machine: "aarch64", runHere: false } });
  expect(warnings).toEqual([expect.stringMatching(/made for aarch64 .* this workstation \(x86_64\)/)]);
});

it("build tools that were never built are told", () => {
  expect(moduleWarnings({ ...good, buildTools: undefined })).toEqual([
    expect.stringMatching(/no built programs/),
  ]);
});

it("missing symbol versions are told, with what the kernel makes of them", () => {
  const [refused] = moduleWarnings({ ...good, hasVersions: false });
  expect(refused).toMatch(/no symbol version for module_layout.*kheaders symvers/);
  const [taken] = moduleWarnings({ ...good, hasVersions: false, config: new Map() });
  expect(taken).toMatch(/loads them without versions\.$/);
});
