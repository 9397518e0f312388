import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import { elfHeaderBytes, machineOf, parseElfHeader } from "../kernel/elf.js";

/** Programs that building a module runs, by their path in the tree. Not every tree has each of them. */
const programs = [
  "scripts/basic/fixdep",
  "scripts/mod/modpost",
  "scripts/genksyms/genksyms",
  "tools/objtool/objtool",
];

/** A workstation, as Node describes it. */
export interface BuildHost {
  /** `process.platform`. */
  readonly platform: string;
  /** `uname -m`. */
  readonly machine: string;
}

/** The programs of a tree that building a module runs. They were built with the kernel, for the machine that built it. */
export interface BuildTools {
  /** The machine that they run on, as `uname -m` prints it (but `arm` for every 32-bit ARM). */
  readonly machine: string;
  /** Whether they run on this workstation. */
  readonly runHere: boolean;
}

/**
 * Reads for which machine the build tools of a tree were made.
 *
 * @returns undefined if there are none. If they are for several machines, one that does not run here.
 */
export function readBuildTools(tree: string, host: BuildHost): BuildTools | undefined {
  const machines = programs
    .map((program) => readBeginning(join(tree, program)))
    .map((beginning) => beginning && parseElfHeader(beginning))
    .filter((header) => header !== undefined)
    .map(machineOf);
  const [first] = machines;
  if (first === undefined) return undefined;
  const foreign = machines.find((machine) => !runsOn(machine, host));
  return { machine: foreign ?? first, runHere: foreign === undefined };
}

/** Whether a file is a program, and of another machine than the workstation. */
export function isForeignProgram(file: string, host: BuildHost): boolean {
  const beginning = readBeginning(file);
  const header = beginning && parseElfHeader(beginning);
  return header !== undefined && !runsOn(machineOf(header), host);
}

function runsOn(machine: string, host: BuildHost): boolean {
  if (host.platform !== "linux") return false;
  return machine === "arm" ? host.machine.startsWith("arm") : host.machine === machine;
}

function readBeginning(file: string): Uint8Array | undefined {
  const beginning = Buffer.alloc(elfHeaderBytes);
  try {
    const opened = openSync(file, "r");
    try {
      return beginning.subarray(0, readSync(opened, beginning));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
