import { exitStatusOf } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { repositoryOf, type StoreFlags, storeOptions } from "../../options/store.js";
import { counted } from "../../report/units.js";

export const add = command<GlobalFlags & StoreFlags>({
  name: "verify",
  summary: "read all of the store, and compare it with its digests",
  options: storeOptions,
  details: "Changes nothing. The exit status is 7 if something is damaged.",
  examples: ["kheaders store verify"],
  async run({ flags, signal, reporter }) {
    const repository = await repositoryOf(flags);
    const { verifyStore } = await import("../../../sharing/verify.js");
    const report = await verifyStore(repository, {
      signal,
      onProgress: (done, total) => reporter.counted("Verified", done, total),
    });
    const { checked, problems } = report;
    const found = problems.length === 0 ? "no problems" : counted(problems.length, "problem");
    return {
      json: [report],
      lines: [
        ...problems.map(({ what, message }) => `damaged: ${printable(what)}: ${printable(message, 500)}`),
        `checked ${counted(checked, "manifest or blob", "manifests and blobs")}: ${found}`,
      ],
      status: problems.length === 0 ? 0 : exitStatusOf["store-corrupt"],
    };
  },
});
