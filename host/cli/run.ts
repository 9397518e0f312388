import { asKheadersError, errnoOf, exitStatusOf, KheadersError } from "../../shared/errors.js";
import { printableJson } from "../../shared/printable.js";
import { errorObject, Reporter } from "./report/reporter.js";

/** Options that decide how a command runs and reports. */
export interface RunFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout: number;
  /** The serials that were asked for; a single one is named in a JSON error. */
  readonly s?: readonly string[];
}

/** What a command's body works with. */
export interface RunContext {
  /** Aborts at Ctrl-C, SIGTERM, SIGHUP, and after `--timeout`; its reason is the KheadersError to report. */
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /** Ends our part, for a program that goes on in our place: no timeout any more, and signals are its own. */
  handOver(): void;
}

export interface RunSettings {
  /** Commands that stay on purpose have no timeout. */
  readonly untimed?: boolean;
}

/**
 * Runs a command's body, reports what it throws, and ends the process with the status that the design gives it.
 *
 * @param body returns the exit status, or nothing for 0.
 */
export async function runCommand(
  flags: RunFlags,
  body: (context: RunContext) => Promise<number | undefined>,
  settings: RunSettings = {},
): Promise<never> {
  let outputFailure: KheadersError | undefined;
  process.stdout.on("error", (cause: Error) => {
    // A reader of our output that went away is no failure of ours.
    if (errnoOf(cause) === "EPIPE") return;
    const message = `the result could not be written: ${cause.message}`;
    outputFailure ??= new KheadersError("output-failed", message, { hint: "Is that disk full?", cause });
  });
  const controller = new AbortController();
  const reporter = new Reporter({ quiet: flags.quiet === true, verbose: flags.verbose === true });
  const end = (code: "interrupted" | "terminated") => {
    // A second signal does not wait for the device to be restored: the device does that by itself.
    if (controller.signal.aborted) process.exit(exitStatusOf[code]);
    controller.abort(new KheadersError(code, code));
  };
  const interrupt = () => end("interrupted");
  const terminate = () => end("terminated");
  process.on("SIGINT", interrupt).on("SIGTERM", terminate).on("SIGHUP", terminate);
  const timer = settings.untimed
    ? undefined
    : setTimeout(() => {
        controller.abort(
          new KheadersError("timed-out", `gave up after ${flags.timeout} s`, {
            hint: "A slow cable or device may need a longer --timeout.",
          }),
        );
      }, flags.timeout * 1000);
  const handOver = () => {
    clearTimeout(timer);
    reporter.close();
    process.off("SIGINT", interrupt).off("SIGTERM", terminate).off("SIGHUP", terminate);
  };
  let status: number;
  try {
    status = (await body({ signal: controller.signal, reporter, handOver })) ?? 0;
  } catch (thrown) {
    const error = asKheadersError(thrown);
    reporter.error(error);
    if (flags.json) printJson(errorObject(flags.s?.length === 1 ? flags.s[0] : undefined, error));
    status = error.exitStatus;
  }
  clearTimeout(timer);
  await outputSettled();
  if (status === 0 && outputFailure !== undefined) {
    reporter.error(outputFailure);
    status = outputFailure.exitStatus;
  }
  reporter.close();
  process.exit(status);
}

/** Prints one line of the result. */
export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints one object of the result, on a line of its own. */
export function printJson(object: object): void {
  printLine(printableJson(object));
}

/** Waits until what was printed has left the process, or is known not to. */
async function outputSettled(): Promise<void> {
  await new Promise<void>((resolve) => {
    // Node tells of a failure after it has called back.
    process.stdout.write("", () => setImmediate(resolve));
  });
}
