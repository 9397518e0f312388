import { asKheadersError, errnoOf, KheadersError, reasonOf } from "../../shared/errors.js";
import { printableJson } from "../../shared/printable.js";
import { timedOut } from "../farm/deadline.js";
import { Reporter } from "./report/reporter.js";
import { errorObject } from "./report/result.js";

/** Options that decide how a command runs and reports. */
export interface RunFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  /** Seconds. */
  readonly timeout: number;
  /** The serials that were named; a single one is in the JSON object of an error. */
  readonly s?: readonly string[];
}

/** A command's result, or a part of it. */
export interface Output {
  /** With --json: an object a line. */
  readonly json: readonly object[];
  /** Without --json. */
  readonly lines: readonly string[];
  /** The exit status, if it is not 0. */
  readonly status?: number;
}

/** What a command's work gets. */
export interface Context<Flags extends RunFlags = RunFlags> {
  readonly flags: Flags;
  /** Aborts at Ctrl-C, SIGTERM and SIGHUP, and after `--timeout`. Its reason is the KheadersError to report. */
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /** Prints a part of the result before the end. */
  print(output: Output): void;
  /** Gives signals and time to a program that runs in our place: from here on neither ends us. */
  handOver(): void;
}

export interface RunSettings {
  /** Leaves `--timeout` to the command. */
  readonly isUntimed?: boolean;
  /** The command runs until a signal ends it, which is not an error. */
  readonly isEndless?: boolean;
  /** Milliseconds from Ctrl-C, SIGTERM or the timeout until we end, even if the work has not. */
  readonly endingMilliseconds?: number;
}

/** Longer than it takes to put a device back as it was, adbd included. */
const defaultEndingMilliseconds = 45_000;

/** Runs a command's work, prints its result or its error, and ends the process with the exit status. */
export async function runCommand<Flags extends RunFlags>(
  flags: Flags,
  work: (context: Context<Flags>) => Promise<Output | undefined>,
  settings: RunSettings = {},
): Promise<never> {
  const output = new ResultStream();
  const reporter = new Reporter({ quiet: flags.quiet === true, verbose: flags.verbose === true });
  const ending = new Ending(flags.timeout, settings);
  const print = ({ json, lines }: Output) => reporter.result(flags.json ? json.map(printableJson) : lines);
  const fail = (error: KheadersError) => {
    reporter.error(error);
    return error.exitStatus;
  };
  const handOver = () => {
    ending.close();
    reporter.close();
  };
  let status: number;
  try {
    const result = await work({ flags, signal: ending.signal, reporter, print, handOver });
    ending.close();
    reporter.close();
    if (result) print(result);
    status = result?.status ?? 0;
  } catch (thrown) {
    ending.close();
    const error = asKheadersError(thrown);
    const isEnd = settings.isEndless && (error.code === "interrupted" || error.code === "terminated");
    if (isEnd) reporter.close();
    status = isEnd ? error.exitStatus : fail(error);
    if (flags.json && !isEnd)
      print({ json: [errorObject(flags.s?.length === 1 ? flags.s[0] : undefined, error)], lines: [] });
  }
  await output.settled();
  if (status === 0 && output.error !== undefined) status = fail(output.error);
  process.exit(status);
}

/** Ends the work at Ctrl-C, SIGTERM, SIGHUP and after the timeout. */
class Ending {
  readonly #controller = new AbortController();
  readonly #endingMilliseconds: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #lastTimer: NodeJS.Timeout | undefined;

  constructor(seconds: number, { isUntimed, endingMilliseconds = defaultEndingMilliseconds }: RunSettings) {
    this.#endingMilliseconds = endingMilliseconds;
    process.on("SIGINT", this.#interrupt).on("SIGTERM", this.#terminate).on("SIGHUP", this.#terminate);
    if (!isUntimed) this.#timer = setTimeout(() => this.#abort(timedOut(seconds)), seconds * 1000);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#lastTimer);
    this.#ignoreSignals();
  }

  readonly #interrupt = () => this.#abort(new KheadersError("interrupted", "interrupted"));
  readonly #terminate = () => this.#abort(new KheadersError("terminated", "terminated"));

  #abort(error: KheadersError): void {
    clearTimeout(this.#timer);
    // The system itself acts on a second signal, at once, whatever we are doing: the device restores itself.
    this.#ignoreSignals();
    this.#lastTimer = setTimeout(() => {
      process.stderr.write(`kheaders: ${error.message}\n`);
      process.exit(error.exitStatus);
    }, this.#endingMilliseconds);
    this.#controller.abort(error);
  }

  #ignoreSignals(): void {
    process.off("SIGINT", this.#interrupt).off("SIGTERM", this.#terminate).off("SIGHUP", this.#terminate);
  }
}

/** Standard output, as far as it can fail. */
class ResultStream {
  #error: KheadersError | undefined;

  constructor() {
    process.stdout.on("error", (cause: Error) => {
      // A reader that goes away is not an error.
      if (errnoOf(cause) === "EPIPE") return;
      const message = `cannot write the result: ${reasonOf(cause)}`;
      this.#error ??= new KheadersError("output-failed", message, { hint: "Is the disk full?", cause });
    });
  }

  get error(): KheadersError | undefined {
    return this.#error;
  }

  /** Waits until what was printed has left the process, or could not. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => {
      // Node reports an error after it has called back.
      process.stdout.write("", () => setImmediate(resolve));
    });
  }
}
