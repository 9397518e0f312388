import type { Command } from "commander";
import { printable } from "../../../shared/printable.js";
import { stallSeconds } from "../../../shared/protocol.js";
import { defaultAnswerSeconds } from "../../farm/default-times.js";
import type { DeviceReport } from "../../farm/survey.js";
import { openCacheOf } from "../options/cache.js";
import { type GlobalFlags, serverOf } from "../options/global.js";
import { table } from "../report/table.js";
import { printJson, printLine, runCommand } from "../run.js";

export function addDevices(program: Command): void {
  program
    .command("devices")
    .description("list the connected devices, their kernels and how they offer headers; loads nothing")
    .addHelpText(
      "after",
      `
HEADERS is one of:
  built-in    the kernel has them (CONFIG_IKHEADERS=y)
  module      kheaders.ko is there; pull loads it, and unloads it again
  loaded      somebody has loaded kheaders.ko
  needs root  only root may look
  none        this kernel has none

Examples:
  $ kheaders devices
  $ kheaders devices --json | jq -r 'select(.cached) | .serial'`,
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await runCommand(flags, async ({ signal }) => {
        const { survey } = await import("../../farm/survey.js");
        const reports = await survey({
          server: serverOf(flags, process.env),
          cache: await openCacheOf(flags),
          stallSeconds,
          timeoutSeconds: Math.min(flags.timeout, defaultAnswerSeconds),
          signal,
        });
        if (flags.json) for (const report of reports) printJson(jsonOf(report));
        else if (reports.length > 0) printTable(reports);
        else process.stderr.write("kheaders: no device is connected\n");
        return undefined;
      });
    });
}

function jsonOf(report: DeviceReport): object {
  const { serial, state, model, kernel, headers, cached, problem } = report;
  return {
    serial,
    state,
    model: model ?? null,
    fingerprint: kernel?.fingerprint ?? null,
    release: kernel?.release ?? null,
    version: kernel?.version ?? null,
    machine: kernel?.machine ?? null,
    headers: headers ?? null,
    cached: cached ?? null,
    ...(problem && { error: { code: problem.code, message: problem.message, hint: problem.hint ?? null } }),
  };
}

const headings = ["SERIAL", "STATE", "MODEL", "FINGERPRINT", "RELEASE", "HEADERS", "CACHED"];

function printTable(reports: readonly DeviceReport[]): void {
  const rows = reports.map(({ serial, state, model, kernel, headers, cached }) => [
    serial,
    state,
    model ?? "",
    kernel?.fingerprint ?? "",
    kernel?.release ?? "",
    headers?.replace("-root", " root") ?? "",
    cached === undefined ? "" : cached ? "yes" : "no",
  ]);
  for (const line of table(headings, rows)) printLine(line);
  for (const { serial, problem } of reports) {
    if (!problem) continue;
    const name = printable(serial);
    const about = problem.message.startsWith(name) ? problem.message : `${name}: ${problem.message}`;
    process.stderr.write(`kheaders: ${about}\n${problem.hint ? `  ${problem.hint}\n` : ""}`);
  }
}
