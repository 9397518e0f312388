import { writeFileSync } from "node:fs";
import { machine } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findKbuildSource } from "../../../../host/build/kbuild/source.js";
import { kbuildFor } from "../../../../host/build/module/kernel-folder.js";
import { readTreeFacts } from "../../../../host/kernel/tree-facts.js";
import { completePullOptions, type PullOptions } from "../../../../host/pull/options.js";
import type { ProgressEvent } from "../../../../shared/progress.js";
import { temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { kernel } from "../../../support/cache-kernels.js";
import { elfHeader, elfMachines } from "../../../support/elf-header.js";
import { writeTree } from "../../../support/kernel-tree.js";

const ownMachine = machine() === "aarch64" ? elfMachines.aarch64 : elfMachines.x86_64;

async function options(): Promise<PullOptions & { readonly events: ProgressEvent[] }> {
  const events: ProgressEvent[] = [];
  const cache = temporaryCache();
  (await cache.lock(kernel())).release();
  return {
    ...(await completePullOptions({ cache, onProgress: (event) => void events.push(event) })),
    events,
  };
}

const headersAlone = () => readTreeFacts(writeTree(temporaryFolder()));

/** A tree with a build system, whose programs are for `tools`. */
function withBuildSystem(tools: number) {
  const files = {
    Makefile: "",
    "scripts/Makefile.build": "",
    "arch/arm64/Makefile": "",
    "scripts/basic/fixdep": "",
  };
  const tree = writeTree(temporaryFolder(), { files });
  writeFileSync(join(tree, "scripts/basic/fixdep"), elfHeader(tools));
  return readTreeFacts(tree);
}

describe("the build system of a module", () => {
  it("is the tree's own if it runs here, whatever is named", async () => {
    const all = await options();
    const named = findKbuildSource(temporaryFolder());
    expect(await kbuildFor(withBuildSystem(ownMachine), named, all)).toBeUndefined();
    expect(all.events).toEqual([
      { type: "notice", message: expect.stringContaining("their own build system") },
    ]);
  });

  it.each([
    ["headers alone", headersAlone],
    ["build tools of another machine", () => withBuildSystem(elfMachines.riscv)],
  ])("of a tree with %s is that of the source that is named, else of the last one", async (_, facts) => {
    const all = await options();
    const [named, last] = [findKbuildSource(temporaryFolder()), findKbuildSource(temporaryFolder())];
    expect(await kbuildFor(facts(), named, all)).toEqual(named);
    await all.cache.rememberKbuildSource("6.1", last.path);
    expect(await kbuildFor(facts(), undefined, all)).toEqual(last);
  });

  it("is missing if headers come alone and no source is known", async () => {
    await expect(kbuildFor(headersAlone(), undefined, await options())).rejects.toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringContaining("name a kernel source of 6.1 that lends its own"),
        hint: expect.stringContaining("--kbuild linux-6.1.tar.xz"),
      }),
    );
  });

  it("is missing if its build tools do not run here and no source is known", async () => {
    const facts = withBuildSystem(elfMachines.riscv);
    await expect(kbuildFor(facts, undefined, await options())).rejects.toThrow(
      expect.objectContaining({
        code: "tool-missing",
        message: expect.stringContaining("made for riscv64 and do not run on this workstation"),
        hint: expect.stringContaining("--kbuild"),
      }),
    );
    const unbuilt = { ...facts, tree: join(facts.tree, "include") };
    await expect(kbuildFor(unbuilt, undefined, await options())).rejects.toThrow("has no built programs");
  });
});
