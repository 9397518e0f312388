import { expect, test } from "vitest";
import { autoconfPath } from "../../../../host/kernel/belonging.js";
import { parseDotConfig } from "../../../../host/kernel/config.js";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { digestNamed, kernel } from "../../../support/cache-kernels.js";
import { importedKernel, importInto } from "../../../support/imported.js";

const autoconf = "#define CONFIG_BPF 1\n#define CONFIG_USB_MODULE 1\n#define CONFIG_BASE 0xffff\n";
const identity = kernel({ buildId: undefined, configDigest: digestNamed("the device's own bytes") });
const question = { asked: "facts", rootPossible: false, trustRelease: false } as const;

function served(cache: ReturnType<typeof temporaryCache>, dotConfig: string) {
  return cache.serving(identity, "serial", { ...question, config: parseDotConfig(dotConfig) });
}

test("the configuration of imported headers is that of their tree, however the device spells it", async () => {
  const cache = temporaryCache();
  const { version } = kernel();
  await importInto(cache, {
    kernel: importedKernel({ version }),
    contents: { [autoconfPath]: autoconf },
  });
  expect(served(cache, "CONFIG_USB=m\nCONFIG_BASE=FFFF\nCONFIG_BPF=y\n")).toMatchObject({
    outcome: "hit",
    proof: "version-and-config",
  });
  expect(served(cache, "CONFIG_USB=y\nCONFIG_BASE=FFFF\nCONFIG_BPF=y\n")).toMatchObject({
    outcome: "miss",
    imported: expect.stringContaining("differs in CONFIG_USB, CONFIG_USB_MODULE"),
  });
});

test("headers without a configuration serve by no version", async () => {
  const cache = temporaryCache();
  await importInto(cache, { kernel: importedKernel({ version: kernel().version }) });
  expect(served(cache, "CONFIG_BPF=y\n")).toMatchObject({
    outcome: "miss",
    imported: expect.stringContaining("their configuration cannot be read"),
  });
});
