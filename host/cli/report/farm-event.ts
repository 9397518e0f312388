import { printable } from "../../../shared/printable.js";
import type { FarmEvent } from "../../farm/pull-many.js";
import { outcomeText } from "./device-row.js";
import type { Reporter } from "./reporter.js";

/** Shows an event of a pull from several devices. */
export function reportFarmEvent(event: FarmEvent, reporter: Reporter): void {
  switch (event.type) {
    case "waiting":
      reporter.note("Waiting for devices");
      break;
    case "selected":
      for (const { serial, reason } of event.skipped) {
        reporter.note(`kheaders: ${printable(serial)}: skipped: ${reason.message}`);
      }
      for (const target of event.targets) reporter.show(target, { type: "queued" });
      break;
    case "progress":
      reporter.onDevice(event.target, event.event);
      break;
    case "unmatched":
      reporter.show(event.target, undefined);
      break;
    case "ended":
      reporter.ended(event.target, outcomeText(event.outcome), event.outcome.error !== undefined);
      break;
  }
}
