import { readdirSync, readFileSync } from "node:fs";

/** Ticks a second of the times in /proc: USER_HZ, which is 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Processor time of it and of the children that it has waited for, in milliseconds. */
  readonly cpu: number;
}

/**
 * Parses /proc/PID/stat (proc_pid_stat(5)): fields 4 (ppid) and 14 to 17 (utime, stime, cutime, cstime); the name in field 2
 * may hold anything. Undefined for what is not one.
 */
export function parseStat(text: string): ProcessStat | undefined {
  const pid = Number.parseInt(text, 10);
  // From field 3 on.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const parent = fields[1];
  const ticks = fields.slice(11, 15);
  if (parent === undefined || ticks.length < 4 || [pid, parent, ...ticks].some(Number.isNaN))
    return undefined;
  return { pid, parent, cpu: ticks.reduce((sum, more) => sum + more, 0) * (1000 / ticksPerSecond) };
}

/** Adds up the processor time of processes and all that descends from them, in milliseconds. */
export function timeOfTrees(stats: readonly ProcessStat[], roots: readonly number[]): number {
  const members = new Set(roots);
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of stats) if (members.has(parent)) members.add(pid);
  }
  return stats.reduce((sum, { pid, cpu }) => sum + (members.has(pid) ? cpu : 0), 0);
}

/** Processor time so far of processes and all that descends from them, in milliseconds, to 10 of them. */
export function processorTimeOf(roots: readonly number[]): number {
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statOf(pid) ?? []);
  return timeOfTrees(stats, roots);
}

function statOf(pid: string): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    // It has ended.
    return undefined;
  }
}
