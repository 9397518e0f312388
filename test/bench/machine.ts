import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** How the processors spent their time since the machine started, in ticks (proc_stat(5)). */
export interface ProcessorUse {
  readonly total: number;
  readonly idle: number;
  /** Taken by other machines on the same host. */
  readonly stolen: number;
}

/** The state of the machine at one moment. */
export interface MachineState {
  /** Average over a minute. */
  readonly load: number;
  /** Share of the processors that was idle while the bench did nothing, and that was stolen. */
  readonly idle: number;
  readonly stolen: number;
  /** What a fixed piece of work took, in milliseconds: it takes longer where the clock of the processor is lower. */
  readonly work: { readonly wall: number; readonly cpu: number };
  /** How often a limit of this control group stopped the processes in it, so far; undefined where nothing tells. */
  readonly throttled: number | undefined;
}

/** A second shows what else runs. */
const observedMilliseconds = 1000;
const workBytes = 64 * 1024 * 1024;
/** Of control groups, version 2 and version 1. */
const throttleFiles = ["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"];

/** Parses /proc/stat. @throws Error where it has no line for all processors. */
export function parseProcessorUse(text: string): ProcessorUse {
  const line = /^cpu +(.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error("/proc/stat has no line for all processors");
  // user, nice, system, idle, iowait, irq, softirq, steal; guest time is part of user time.
  const ticks = line.split(" ").slice(0, 8).map(Number);
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = ticks;
  return { total: ticks.reduce((sum, more) => sum + more, 0), idle: idle + waiting, stolen };
}

/** Parses `nr_throttled` of a control group's cpu.stat. */
export function parseThrottled(text: string): number | undefined {
  const count = /^nr_throttled (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Looks at the machine, for a second, while the bench itself does nothing. */
export async function observeMachine(): Promise<MachineState> {
  const load = loadavg()[0] ?? 0;
  const before = parseProcessorUse(readFileSync("/proc/stat", "utf8"));
  await sleep(observedMilliseconds);
  const after = parseProcessorUse(readFileSync("/proc/stat", "utf8"));
  const total = Math.max(1, after.total - before.total);
  const file = throttleFiles.find((path) => existsSync(path));
  return {
    load,
    idle: (after.idle - before.idle) / total,
    stolen: (after.stolen - before.stolen) / total,
    work: fixedWork(),
    throttled: file === undefined ? undefined : parseThrottled(readFileSync(file, "utf8")),
  };
}

function fixedWork(): MachineState["work"] {
  const started = performance.now();
  const before = process.cpuUsage();
  createHash("sha256").update(Buffer.alloc(workBytes)).digest();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (user + system) / 1000 };
}

/** Says in lines what was measured on, and how quiet it was before and after. */
export function describeMachine(before: MachineState, after: MachineState): string[] {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 1024 ** 3)} GiB`;
  return [
    `${cpus().length} processors (${cpu?.model.trim() ?? "unknown"}), ${memory}, Linux ${release()}, Node ${process.version}`,
    `before: ${describeState(before)}`,
    `after:  ${describeState(after)}; ${describeThrottling(before.throttled, after.throttled)}`,
  ];
}

export function describeState({ load, idle, stolen, work }: MachineState): string {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return (
    `load ${load.toFixed(2)}, processors idle ${percent(idle)}, stolen ${percent(stolen)}, ` +
    `a fixed piece of work ${work.wall.toFixed(0)} ms (processor time ${work.cpu.toFixed(0)} ms)`
  );
}

export function describeThrottling(before: number | undefined, after: number | undefined): string {
  if (before === undefined || after === undefined) return "nothing tells of throttling";
  return `throttled ${after - before} times`;
}
