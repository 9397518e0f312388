import { printable } from "../../../../shared/printable.js";
import { stallSeconds } from "../../../../shared/protocol.js";
import type { DeviceReport } from "../../../farm/survey.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import { serverOf } from "../../options/global.js";
import { errorFields, kernelObject } from "../../report/result.js";
import { type Column, table } from "../../report/table.js";

export const add = command({
  name: "devices",
  summary: "list devices, their kernels and how these offer headers",
  details: `Nothing is loaded on a device. HEADERS is one of:
  built-in    the kernel has them (CONFIG_IKHEADERS=y)
  module      kheaders.ko is there; pull loads it, and unloads it again
  loaded      kheaders.ko is already loaded
  needs root  only root may look
  none        this kernel has no headers`,
  examples: ["kheaders devices", "kheaders devices --json | jq -r 'select(.cached) | .serial'"],
  async run({ flags, signal, reporter, print }) {
    const { defaultAnswerSeconds, survey } = await import("../../../farm/survey.js");
    const { importHint } = await import("../../../pull/import-advice.js");
    const reports = await survey({
      server: serverOf(flags, process.env),
      cache: await openCacheOf(flags),
      stallSeconds,
      timeoutSeconds: Math.min(flags.timeout, defaultAnswerSeconds),
      signal,
      onEvent(event) {
        if (event.type === "asked") {
          for (const device of event.devices) reporter.busy(device, "Asking which kernel runs");
        } else {
          reporter.show(event.device, { type: "ended", text: textOf(event.report) });
          print({ json: [jsonOf(event.report)], lines: [] });
        }
      },
    });
    reporter.clear();
    if (!flags.json) {
      if (reports.length === 0) reporter.note("kheaders: no device is connected");
      for (const { serial, headers, importable, problem } of reports) {
        if (importable && (headers === "needs-root" || headers === "none"))
          reporter.note(`kheaders: ${printable(serial)}: ${importHint(importable)}`);
        if (!problem) continue;
        const name = printable(serial);
        const text = problem.message.startsWith(name) ? problem.message : `${name}: ${problem.message}`;
        reporter.note(`kheaders: ${text}`);
        if (problem.hint) reporter.note(`  ${problem.hint}`);
      }
    }
    return {
      json: [],
      lines: reports.length > 0 ? table(columns, reports.map(rowOf), process.stdout) : [],
    };
  },
});

/** A device that has answered, while others have not yet. */
function textOf({ state, kernel, headers, problem }: DeviceReport): string {
  return [state, kernel?.release ?? "", headers ?? problem?.message ?? ""]
    .filter((text) => text !== "")
    .join(", ");
}

function jsonOf(report: DeviceReport): object {
  const { serial, state, model, kernel, headers, cached, importable, problem } = report;
  return {
    serial,
    state,
    model: model ?? null,
    ...kernelObject(kernel),
    headers: headers ?? null,
    cached: cached ?? null,
    importable: importable ?? null,
    error: problem ? errorFields(problem) : null,
  };
}

const columns: readonly Column[] = [
  { heading: "SERIAL", min: 16 },
  { heading: "STATE", min: 7, rank: 1 },
  { heading: "MODEL", min: 5, rank: 2 },
  { heading: "FINGERPRINT", min: 14, rank: 3 },
  { heading: "RELEASE", min: 18 },
  { heading: "HEADERS" },
  { heading: "CACHED" },
];

function rowOf({ serial, state, model, kernel, headers, cached }: DeviceReport): string[] {
  return [
    serial,
    state,
    model ?? "",
    kernel?.fingerprint ?? "",
    kernel?.release ?? "",
    headers?.replace("-root", " root") ?? "",
    cached === undefined ? "" : cached ? "yes" : "no",
  ];
}
