import { cpus, totalmem } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { BenchCase } from "./bench-case.js";
import { BenchLab } from "./bench-lab.js";
import { btf } from "./cases/btf.js";
import { farm } from "./cases/farm.js";
import { hit } from "./cases/hit.js";
import { layout } from "./cases/layout.js";
import { misses } from "./cases/miss.js";
import { pch } from "./cases/pch.js";
import { secondBuild } from "./cases/second-build.js";
import { startUp } from "./cases/start-up.js";
import { unpacking } from "./cases/unpack.js";
import { runPairs } from "./pairs.js";
import { type BenchResult, resultOf } from "./result.js";
import { resultTable } from "./table.js";

/** The emulated device comes last: it takes some of the processor even when nothing is asked of it. */
const cases: readonly BenchCase[] = [
  startUp,
  hit,
  ...unpacking,
  ...secondBuild,
  pch,
  btf,
  ...farm,
  layout,
  ...misses,
];

const usualRuns = 7;

const program = new Command("npm run bench --")
  .description("Measures kheaders against what people do without it, in pairs; see docs/benchmarks.md")
  .option("--case <name...>", "measure these cases alone (a name, or the beginning of some)", [])
  .option("--runs <number>", "pairs of runs of each case", positive, usualRuns)
  .option("--json", "print the results as JSON")
  .option("--list", "print the names of the cases")
  .parse();
const flags = program.opts<{ case: string[]; runs: number; json?: boolean; list?: boolean }>();

const chosen = cases.filter(
  ({ name }) => flags.case.length === 0 || flags.case.some((beginning) => name.startsWith(beginning)),
);
if (chosen.length === 0) program.error("there is no such case; --list shows them");
if (flags.list) for (const { name } of chosen) process.stdout.write(`${name}\n`);
else print(await runAll());

async function runAll(): Promise<BenchResult[]> {
  const lab = await BenchLab.open();
  try {
    const results: BenchResult[] = [];
    for (const benchCase of chosen) {
      process.stderr.write(`bench: ${benchCase.name}\n`);
      results.push(await runCase(lab, benchCase));
    }
    return results;
  } finally {
    await lab.close();
  }
}

async function runCase(lab: BenchLab, benchCase: BenchCase): Promise<BenchResult> {
  const contenders = await benchCase.prepare(lab);
  // The first pair fills the page cache and is not counted.
  if (!benchCase.once) await runPairs(contenders, 1);
  const pairs = await runPairs(contenders, benchCase.once ? 1 : flags.runs);
  return resultOf(benchCase, pairs, {
    peakMemory: await contenders.peakMemory?.(),
    note: await contenders.note?.(),
  });
}

function print(results: readonly BenchResult[]): void {
  const machine = { cores: cpus().length, memory: totalmem(), node: process.version };
  if (flags.json)
    process.stdout.write(`${JSON.stringify({ machine, runs: flags.runs, results }, undefined, 2)}\n`);
  else process.stdout.write(`${resultTable(results).join("\n")}\n`);
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("A positive number is wanted.");
  return number;
}
