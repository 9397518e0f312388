import type { KheadersError } from "../../../shared/errors.js";
import { now } from "../../../shared/now.js";
import { printable } from "../../../shared/printable.js";
import type { ProgressEvent, Stage } from "../../../shared/progress.js";
import { afterProgress, type DeviceRow, rowText, stageText } from "./device-row.js";
import { errorText } from "./error-text.js";
import { LiveBlock } from "./live-block.js";
import { canRedraw, columnsOf, fold, styled } from "./terminal.js";

/** Stages that a user waits for; the others are shown only with --verbose or on a terminal. */
const slowStages: ReadonlySet<Stage> = new Set([
  "waiting-for-device",
  "waiting-for-other-pull",
  "waiting-for-other-build",
  "becoming-root",
  "restarting-adbd",
  "waiting-for-device-lock",
  "transferring",
  "downloading",
  "packing",
  "repairing",
  "copying",
  "preparing-source",
  "reading-modules",
  "building",
]);

const maxSerialWidth = 24;
const spinner = ["-", "\\", "|", "/"];
const spinnerMilliseconds = 120;
/** Rows of several devices change by themselves only in their seconds. */
const rowsMilliseconds = 500;

export interface ReporterOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** One of several devices that are worked on: the same object in every call. */
export interface Subject {
  readonly serial: string;
}

/**
 * Shows on standard error how the work goes, for one device or for several at once. On a terminal it is a block of live
 * lines, one for each device; with --verbose or elsewhere plain lines; with --quiet nothing but errors.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #started = now();
  /** The row of a command for one device. */
  #row: DeviceRow = { serial: "", state: { type: "queued" } };
  readonly #rows = new Map<Subject, DeviceRow>();
  #block: LiveBlock | undefined;
  #animation: NodeJS.Timeout | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { stderr } = process;
    const isLive = !options.quiet && !options.verbose && canRedraw(stderr, process.env);
    this.#block = isLive ? new LiveBlock(stderr, () => this.#lines()) : undefined;
  }

  /** Takes an event of a command for one device. */
  readonly on = (event: ProgressEvent): void => {
    this.#tell(event, undefined);
    this.#row = afterProgress(this.#row, event, now());
    this.#animate();
  };

  /** Takes an event about one of several devices. */
  onDevice(subject: Subject, event: ProgressEvent): void {
    const row = this.#rows.get(subject);
    if (row) this.#rows.set(subject, afterProgress(row, event, now()));
    this.#tell(event, printable(subject.serial));
    this.#animate();
  }

  /** Shows how far one of several devices is; undefined: no longer shows it. */
  show(subject: Subject, state: DeviceRow["state"] | undefined): void {
    if (state === undefined) this.#rows.delete(subject);
    else this.#rows.set(subject, { serial: subject.serial, state });
    this.#animate();
  }

  /** Shows that one of several devices is asked something. */
  busy(subject: Subject, text: string): void {
    this.show(subject, { type: "busy", text, since: now() });
  }

  /** Takes the rows of several devices off the screen. */
  clear(): void {
    this.#rows.clear();
    this.#block?.erase();
  }

  /** Shows how many things are done, while there is a terminal to show it on. */
  counted(what: string, done: number, total: number): void {
    const text = `${what} ${done} of ${total}`;
    this.#row = { serial: "", state: { type: "busy", text, since: now(), moves: true } };
    this.#animate();
  }

  /** Says something in a line of its own. */
  note(text: string): void {
    if (!this.#options.quiet) this.#write(process.stderr, this.#folded(text));
  }

  /** Says how one of several devices ended: in its live line, else in a line of its own. */
  ended(subject: Subject, text: string, hasFailed: boolean): void {
    if (this.#block) this.show(subject, { type: "ended", text });
    else if (hasFailed || !this.#options.quiet) {
      this.#write(process.stderr, this.#folded(`kheaders: ${printable(subject.serial)}: ${text}`));
    }
  }

  /** Passes on what a tool prints, as it comes. */
  readonly passOn = (text: string | Uint8Array): void => {
    this.close();
    process.stderr.write(text);
  };

  /** Prints lines of the result on standard output. */
  result(lines: readonly string[]): void {
    if (lines.length > 0) this.#write(process.stdout, `${lines.join("\n")}\n`);
  }

  /** Prints an error with its hint; `--quiet` does not silence it. */
  error(error: KheadersError): void {
    this.close();
    process.stderr.write(errorText(error));
    if (this.#options.verbose && error.cause instanceof Error) {
      process.stderr.write(this.#folded(`  caused by: ${printable(error.cause.message, 500)}`));
    }
  }

  /** Shows no more live lines. Those of several devices stay on the screen, as they are. */
  close(): void {
    clearInterval(this.#animation);
    this.#animation = undefined;
    this.#row = { serial: "", state: { type: "queued" } };
    this.#block?.close();
    this.#block = undefined;
  }

  get secondsSinceStart(): number {
    return (now() - this.#started) / 1000;
  }

  #tell(event: ProgressEvent, device: string | undefined): void {
    if (event.type === "warning")
      this.note(
        `kheaders: ${device === undefined ? "" : `${device}: `}${styled("yellow", "warning:", process.stderr)} ${event.message}`,
      );
    else if (event.type === "notice") this.note(`kheaders: ${event.message}`);
    else if (event.type === "stage" && this.#options.verbose) {
      const seconds = this.secondsSinceStart.toFixed(3).padStart(8);
      this.note(`${seconds} s  ${device === undefined ? "" : `${device}  `}${stageText(event)}`);
    } else if (
      event.type === "stage" &&
      device === undefined &&
      !this.#block &&
      slowStages.has(event.stage)
    ) {
      this.note(stageText(event));
    }
  }

  /** A line that lives shows that the program does, too, while nothing happens. */
  #animate(): void {
    const hasRows = this.#rows.size > 0;
    if (this.#block === undefined || (!hasRows && this.#row.state.type === "queued")) return;
    this.#block.changed();
    const milliseconds = hasRows ? rowsMilliseconds : spinnerMilliseconds;
    this.#animation ??= setInterval(() => this.#block?.changed(), milliseconds).unref();
  }

  #folded(text: string): string {
    return `${fold(text, columnsOf(process.stderr)).join("\n")}\n`;
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    this.#block?.erase();
    stream.write(text);
    if (this.#rows.size > 0 || this.#animation) this.#block?.changed();
  }

  /** Devices at work come first, for they change; then those that wait; then those that ended. */
  #lines(): string[] {
    const moment = now();
    if (this.#rows.size === 0) {
      if (this.#row.state.type === "queued") return [];
      const frame = Math.floor(moment / spinnerMilliseconds) % spinner.length;
      return [`${spinner[frame]} ${rowText(this.#row, 0, moment)}`];
    }
    const rows = [...this.#rows.values()];
    const width = Math.min(Math.max(...rows.map(({ serial }) => printable(serial).length)), maxSerialWidth);
    const order = ["transferring", "busy", "queued", "ended"];
    return rows
      .sort((one, other) => order.indexOf(one.state.type) - order.indexOf(other.state.type))
      .map((row) => rowText(row, width, moment));
  }
}
