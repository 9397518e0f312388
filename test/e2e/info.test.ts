import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-info";
const config = "CONFIG_64BIT=y\nCONFIG_WIDE_MODULE=y\n# CONFIG_SMP is not set\nCONFIG_HZ=250\n";
const lines = "CONFIG_64BIT=y\nCONFIG_HZ=250\nCONFIG_WIDE_MODULE=y\n";
/** `autoconf.h` cannot tell this option from a module. */
const linesOfHeaders = lines.replace("WIDE_MODULE=y", "WIDE=m");

let host: Workstation;
let tree: string;

beforeAll(async () => {
  host = await Workstation.open();
  const macros = ["CONFIG_64BIT 1", "CONFIG_HZ 250", "CONFIG_WIDE_MODULE 1"];
  const archive = smallArchive(release, { macros, more: ["arch/x86/include/asm/page.h"] });
  await host.simulate({ release, archive, config });
  const { status, stdout, stderr } = await host.kheaders(["pull"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: `Transferring (${archive.length} bytes)\n` });
  tree = stdout.trimEnd();
});
afterAll(() => host.close());

const extras = () => join(host.cache, "extras", basename(tree));

describe("`info` of a kernel that was pulled", () => {
  it("has the configuration as the device told it, however the tree is named", async () => {
    for (const what of [[], [tree], [basename(tree).slice(0, 12)]]) {
      expect(await host.kheaders(["info", "--config", ...what])).toMatchObject({
        status: 0,
        stdout: lines,
        stderr: "",
      });
    }
    const { stdout } = await host.kheaders(["info", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      tree,
      release,
      configSource: "device",
      warnings: [],
      buildTools: null,
    });
  });

  it("has it from the headers for a copy, which the cache knows nothing of", async () => {
    const copy = join(host.folder("elsewhere"), "copy");
    await host.kheaders(["pull", "-o", copy]);
    expect((await host.kheaders(["info", "--config", copy])).stdout).toBe(linesOfHeaders);
  });

  it("has it from the headers where an older version did not keep it, and a hit keeps none", async () => {
    rmSync(extras(), { recursive: true });
    const { stdout } = await host.kheaders(["info", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ configSource: "headers" });
    expect(readdirSync(join(host.cache, "extras"))).toEqual([]);
    expect((await host.kheaders(["info", "--config"])).stdout).toBe(linesOfHeaders);
  });

  it("has it as the device told it again once it is pulled anew, until it is removed", async () => {
    await host.kheaders(["pull", "--refresh"]);
    expect((await host.kheaders(["info", "--config"])).stdout).toBe(lines);
    expect(readdirSync(extras())).toHaveLength(1);
    expect((await host.kheaders(["cache", "rm", "--all"])).status).toBe(0);
    expect(readdirSync(join(host.cache, "extras"))).toEqual([]);
  });
});
