import { Command, InvalidArgumentError } from "commander";
import type { Amount, BenchCase, Race } from "./bench-case.js";
import { BenchLab } from "./bench-lab.js";
import { cases, quickCases } from "./cases/index.js";
import { describeMachine, observeMachine } from "./machine.js";
import { runPairs } from "./pairs.js";
import { findPlaces, type Place } from "./places.js";
import { amountResult, type BenchResult, raceResult } from "./result.js";
import { resultTable } from "./table.js";

/** Fewer say little of quartiles. */
const usualPairs = 9;

const program = new Command("npm run bench --")
  .description("Measures kheaders against what people do without it, in pairs; see docs/benchmarks.md")
  .option("--case <name...>", "measure these cases alone (a name, or the beginning of some)", [])
  .option("--quick", `measure ${quickCases.join(", ")} alone, on one file system`)
  .option("--pairs <number>", "pairs of runs of each case", positive, usualPairs)
  .option("--json", "print the results as JSON")
  .option("--list", "print the names of the cases")
  .parse();
const flags = program.opts<{
  case: string[];
  quick?: boolean;
  pairs: number;
  json?: boolean;
  list?: boolean;
}>();

// With it, Node reads a file of certificates at each start, which may take longer than the start itself.
delete process.env.NODE_EXTRA_CA_CERTS;

const chosen = cases.filter(isChosen);
if (chosen.length === 0) program.error("there is no such case; --list shows them");
if (flags.list) for (const { name } of chosen) process.stdout.write(`${name}\n`);
else await runAll();

function isChosen({ name }: BenchCase): boolean {
  if (flags.quick) return quickCases.includes(name);
  return flags.case.length === 0 || flags.case.some((beginning) => name.startsWith(beginning));
}

async function runAll(): Promise<void> {
  const before = await observeMachine();
  const found = findPlaces();
  const places = flags.quick ? found.slice(0, 1) : found;
  const lab = await BenchLab.open();
  try {
    const results: BenchResult[] = [];
    for (const benchCase of chosen)
      for (const place of benchCase.kind === "race" ? places : places.slice(-1)) {
        process.stderr.write(`bench: ${benchCase.name}, on ${place.name}\n`);
        results.push(await runCase(lab, benchCase, place));
        await place.clear();
      }
    const machine = describeMachine(before, await observeMachine());
    if (flags.json) process.stdout.write(`${JSON.stringify({ machine, results }, undefined, 2)}\n`);
    else process.stdout.write(`${[...machine, "", ...resultTable(results)].join("\n")}\n`);
  } finally {
    await lab.close();
    for (const place of found) await place.remove();
  }
}

function runCase(lab: BenchLab, benchCase: BenchCase, place: Place): Promise<BenchResult> {
  return benchCase.kind === "race" ? runRace(lab, benchCase, place) : measure(lab, benchCase, place);
}

async function runRace(lab: BenchLab, race: Race, place: Place): Promise<BenchResult> {
  const contenders = await race.prepare(lab, place);
  try {
    // The first pair fills the page cache and is not counted.
    await runPairs(contenders, 1);
    const pairs = await runPairs(contenders, flags.pairs);
    return raceResult(race, place.name, pairs, await contenders.note?.());
  } finally {
    await contenders.end?.();
  }
}

async function measure(lab: BenchLab, amount: Amount, place: Place): Promise<BenchResult> {
  return amountResult(amount, place.name, await amount.measure(lab, place));
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("expected a whole number from 1");
  return number;
}
