import type { Ora } from "ora";
import type { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { ProgressEvent, Stage } from "../../../shared/progress.js";
import { stageTexts } from "./stage-texts.js";
import { formatBytes } from "./units.js";

/** Stages that a user waits for; the others are shown with --verbose only. */
const slowStages: ReadonlySet<Stage> = new Set([
  "waiting-for-device",
  "waiting-for-other-pull",
  "becoming-root",
  "restarting-adbd",
  "waiting-for-device-lock",
  "transferring",
  "repairing",
  "copying",
  "reading-modules",
  "building",
]);

export interface ReporterOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Tells on standard error how the work goes: a spinner on a terminal, plain lines elsewhere, nothing when quiet. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #started = performance.now();
  #spinner: Ora | undefined;
  #spinnerLoading = false;
  #closed = false;
  #text = "";

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Takes an event of the library. */
  readonly on = (event: ProgressEvent): void => {
    if (event.type === "warning") this.#line(`kheaders: warning: ${event.message}`);
    else if (event.type === "notice") this.#line(`kheaders: ${event.message}`);
    else if (event.type === "progress") this.#progress(event.bytes, event.total);
    else if (event.type === "modules") this.#modules(event.done, event.total, event.bytes);
    else this.#stage(event.stage, event.detail);
  };

  /** Tells how many of many are done. */
  counted(what: string, done: number, total: number): void {
    if (!this.#options.quiet && hasSpinner()) this.#show(`${what} ${done} of ${total}`);
  }

  /** Passes on what a tool prints, as it comes. */
  readonly passOn = (text: string | Uint8Array): void => {
    this.close();
    process.stderr.write(text);
  };

  /** Prints an error with its hint; `--quiet` does not silence it. */
  error(error: KheadersError): void {
    this.close();
    process.stderr.write(`kheaders: ${error.message}\n`);
    if (error.hint) process.stderr.write(`  ${error.hint}\n`);
    if (this.#options.verbose && error.cause instanceof Error) {
      process.stderr.write(`  caused by: ${printable(error.cause.message, 500)}\n`);
    }
  }

  close(): void {
    this.#closed = true;
    this.#spinner?.stop();
    this.#spinner = undefined;
  }

  #stage(stage: Stage, detail: string | undefined): void {
    const text = `${stageTexts[stage]}${detail ? ` (${detail})` : ""}`;
    if (this.#options.quiet) return;
    if (this.#options.verbose) {
      const seconds = ((performance.now() - this.#started) / 1000).toFixed(3);
      this.#line(`${seconds.padStart(8)} s  ${text}`);
    } else if (hasSpinner()) {
      this.#show(text);
    } else if (slowStages.has(stage)) {
      this.#line(text);
    }
  }

  #progress(bytes: number, total: number): void {
    if (this.#options.quiet || this.#options.verbose || !hasSpinner()) return;
    this.#show(`Transferring ${formatBytes(bytes)} of ${formatBytes(total)}`);
  }

  #modules(done: number, total: number, bytes: number): void {
    if (this.#options.quiet || this.#options.verbose || !hasSpinner()) return;
    this.#show(`Reading the device's modules: ${done} of ${total}, ${formatBytes(bytes)}`);
  }

  #line(text: string): void {
    if (this.#options.quiet) return;
    this.#spinner?.clear();
    process.stderr.write(`${text}\n`);
  }

  #show(text: string): void {
    this.#text = text;
    if (this.#spinner) this.#spinner.text = text;
    else if (!this.#spinnerLoading) void this.#startSpinner();
  }

  /** The spinner's library takes 50 ms to load: a hit is over before that. */
  async #startSpinner(): Promise<void> {
    this.#spinnerLoading = true;
    const { default: ora } = await import("ora");
    if (this.#closed) return;
    this.#spinner = ora({ text: this.#text, stream: process.stderr, discardStdin: false }).start();
  }
}

/** Whether there is a terminal to draw on. One without a width, as under script(1), makes the spinner's library loop for ever. */
function hasSpinner(): boolean {
  return process.stderr.isTTY && process.stderr.columns > 0;
}

/** The JSON form of an error, one object a device. */
export function errorObject(serial: string | undefined, error: KheadersError): object {
  return {
    serial: serial ?? null,
    error: { code: error.code, message: error.message, hint: error.hint ?? null },
  };
}
