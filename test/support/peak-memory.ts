import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../shared/errors.js";

const pollMilliseconds = 50;

/**
 * Watches a process until `ended` settles.
 *
 * @returns the most memory that it had resident, in bytes, up to a moment before its end (proc(5), VmHWM).
 */
export async function peakMemory(pid: number, ended: Promise<unknown>): Promise<number> {
  let running = true;
  const stop = () => {
    running = false;
  };
  ended.then(stop, stop);
  let peak = 0;
  while (running) {
    peak = Math.max(peak, highWaterMark(pid));
    await sleep(pollMilliseconds);
  }
  return peak;
}

function highWaterMark(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ESRCH") throw error;
    return 0; // It has ended.
  }
}
