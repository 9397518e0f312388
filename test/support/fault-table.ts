import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** Names the file in which the tests of one run collect what they tried. */
export const faultFileVariable = "KHEADERS_FAULT_FILE";

/** A fault that was tried on a device, and what came of it. */
export interface Fault {
  readonly fault: string;
  /** When it happened, in the course of a pull. */
  readonly stage: string;
  /** From the fault until the device was as it had been found; undefined where nothing had been changed. */
  readonly secondsUntilGone: number | undefined;
  readonly outcome: string;
}

/** Adds a row to the table that the end-to-end tests print at their end. */
export function recordFault(fault: Fault): void {
  const file = process.env[faultFileVariable];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(fault)}\n`);
}

/** The table of what is recorded in the file, ready to print; empty where nothing is. */
export function faultTable(file: string): string {
  const recorded = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (recorded === "") return "";
  const rows = recorded.split("\n").map((line) => {
    const { fault, stage, secondsUntilGone, outcome }: Fault = JSON.parse(line);
    return [fault, stage, secondsUntilGone?.toFixed(1) ?? "-", outcome];
  });
  const table = [["FAULT", "STAGE", "GONE AFTER (s)", "OUTCOME"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .join("\n");
}
