import { existsSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { it } from "vitest";
import { layoutText } from "../../host/cli/report/layout-text.js";
import { findType } from "../../host/compare/layout/find-type.js";
import { layoutOf } from "../../host/compare/layout/layout.js";
import { readBtf } from "../../host/kernel/btf/read.js";
import { KheadersError } from "../../shared/errors.js";
import { btfProperties } from "../support/btf-properties.js";
import { mutations } from "../support/mutations.js";
import { skipBecause } from "../support/skip.js";

/** For how long each property is tried. */
const seconds = Number(process.env.KHEADERS_FUZZ_SECONDS ?? 60);
/** A whole kernel's: of the machine that this runs on. */
const kernelBtf = "/sys/kernel/btf/vmlinux";

const properties: Record<string, fc.IRawProperty<unknown>> = { ...btfProperties };
if (existsSync(kernelBtf)) properties.mutatedKernel = mutatedKernel(readFileSync(kernelBtf));
else skipBecause(`there is no ${kernelBtf}`, "BTF of a whole kernel, mutated");

it.each(Object.entries(properties))(`holds for ${seconds} s of random BTF: %s`, async (_, property) => {
  const end = Date.now() + seconds * 1_000;
  let runs = 0;
  while (Date.now() < end) {
    // A failure is reported with the seed and the path that repeat it.
    await fc.assert(property, { numRuns: 200, interruptAfterTimeLimit: end - Date.now() });
    runs += 200;
    await setImmediate();
  }
  console.log(`about ${runs} files`);
});

/** Whatever is done to the BTF of a kernel: the layout of a large struct is there, or refused, within seconds. */
function mutatedKernel(btf: Buffer): fc.IRawProperty<unknown> {
  return fc.property(fc.array(mutations(), { minLength: 1, maxLength: 20 }), (changes) => {
    const bytes = changes.reduce((changed, change) => change(changed), btf);
    const started = performance.now();
    try {
      const opened = readBtf(bytes);
      for (const name of ["task_struct", "sk_buff"])
        layoutText(layoutOf(opened, findType(opened, name).id, { deep: true }));
    } catch (error) {
      if (!(error instanceof KheadersError)) throw error;
    }
    if (performance.now() - started > 20_000) throw new Error("it took more than 20 s");
  });
}
