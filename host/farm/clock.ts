/** The time that passes while devices are watched. Tests have a clock of their own. */
export interface Clock {
  /** Calls back once, after some seconds. @returns what cancels that. */
  after(seconds: number, call: () => void): () => void;
}

/** The machine's own. */
export const machineClock: Clock = {
  after(seconds, call) {
    const timer = setTimeout(call, seconds * 1000);
    return () => clearTimeout(timer);
  },
};

/** Waits. @returns false if the signal has aborted. */
export async function pause(clock: Clock, seconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const cancel = clock.after(seconds, end);
  signal.addEventListener("abort", end);
  await ended;
  signal.removeEventListener("abort", end);
  cancel();
  return !signal.aborted;
}
