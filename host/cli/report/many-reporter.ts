import { printable } from "../../../shared/printable.js";
import type { FarmEvent } from "../../farm/pull-many.js";
import type { DeviceOutcome } from "../../farm/pull-one.js";
import type { Target } from "../../farm/selection.js";
import { afterProgress, type DeviceRow, outcomeText, rowText, summary } from "./device-row.js";
import { LiveBlock } from "./live-block.js";
import { stageTexts } from "./stage-texts.js";

const widestSerial = 24;

export interface ManyReporterOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/**
 * Tells on standard error how pulls from many devices go: on a terminal a live line a device, otherwise one plain line at
 * each device's end, and a line that sums up. `--quiet` leaves failures only.
 */
export class ManyReporter {
  readonly #options: ManyReporterOptions;
  readonly #started = performance.now();
  readonly #rows = new Map<Target, DeviceRow>();
  #block: LiveBlock | undefined;
  #serialWidth = 0;

  constructor(options: ManyReporterOptions) {
    this.#options = options;
    const { stderr } = process;
    const isLive = !options.quiet && !options.verbose && stderr.isTTY && stderr.columns > 0;
    this.#block = isLive ? new LiveBlock(stderr, () => this.#lines()) : undefined;
  }

  on(event: FarmEvent): void {
    switch (event.type) {
      case "waiting":
        this.#note("Waiting for devices");
        break;
      case "selected":
        for (const { serial, reason } of event.skipped) {
          this.#note(`kheaders: ${printable(serial)}: skipped: ${reason.message}`);
        }
        for (const target of event.targets) {
          this.#rows.set(target, { serial: target.serial, state: { type: "queued" } });
        }
        this.#serialWidth = Math.min(
          Math.max(0, ...event.targets.map(({ serial }) => printable(serial).length)),
          widestSerial,
        );
        this.#block?.changed();
        break;
      case "progress":
        this.#progress(event.target, event.event);
        break;
      case "unmatched":
        this.#rows.delete(event.target);
        this.#block?.changed();
        break;
      case "ended":
        this.#ended(event.target, event.outcome);
        break;
    }
  }

  /** Prints a line of the result on standard output. */
  result(line: string): void {
    this.#block?.erase();
    process.stdout.write(`${line}\n`);
    this.#block?.changed();
  }

  sumUp(outcomes: readonly DeviceOutcome[]): void {
    this.close();
    this.#note(summary(outcomes, (performance.now() - this.#started) / 1000));
  }

  close(): void {
    this.#block?.close();
    this.#block = undefined;
  }

  #progress(target: Target, event: Extract<FarmEvent, { type: "progress" }>["event"]): void {
    const row = this.#rows.get(target);
    if (row) this.#rows.set(target, afterProgress(row, event, performance.now()));
    const serial = printable(target.serial);
    if (event.type === "warning") this.#note(`kheaders: ${serial}: warning: ${event.message}`);
    else if (event.type === "notice") this.#note(`kheaders: ${event.message}`);
    else if (event.type === "stage" && this.#options.verbose) {
      const seconds = ((performance.now() - this.#started) / 1000).toFixed(3);
      const detail = event.detail ? ` (${event.detail})` : "";
      this.#note(`${seconds.padStart(8)} s  ${serial}  ${stageTexts[event.stage]}${detail}`);
    }
    this.#block?.changed();
  }

  #ended(target: Target, outcome: DeviceOutcome): void {
    const text = outcomeText(outcome);
    if (this.#block) {
      this.#rows.set(target, { serial: target.serial, state: { type: "ended", text } });
      this.#block.changed();
    } else if (outcome.error || !this.#options.quiet) {
      process.stderr.write(`kheaders: ${printable(target.serial)}: ${text}\n`);
    }
  }

  #note(text: string): void {
    if (this.#options.quiet) return;
    this.#block?.erase();
    process.stderr.write(`${text}\n`);
    this.#block?.changed();
  }

  /** Those that are at work first, for they change; then those that wait; then those that are done. */
  #lines(): string[] {
    const order = ["transferring", "busy", "queued", "ended"];
    return [...this.#rows.values()]
      .sort((one, other) => order.indexOf(one.state.type) - order.indexOf(other.state.type))
      .map((row) => rowText(row, this.#serialWidth));
  }
}
