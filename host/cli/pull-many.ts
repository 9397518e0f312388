import { printable, printableJson } from "../../shared/printable.js";
import { pullMany } from "../farm/pull-many.js";
import { type SelectionFlags, selectionOf } from "./options/devices.js";
import { type PullFlags, sharedPullOptionsOf } from "./options/pull.js";
import { ManyReporter } from "./report/many-reporter.js";
import { errorObject } from "./report/reporter.js";
import { resultObject } from "./report/result.js";
import type { RunContext } from "./run.js";

/** Pulls from all devices that the flags mean, and prints each result. @returns the exit status. */
export async function pullFromMany(
  flags: PullFlags & SelectionFlags & { readonly jobs?: number },
  context: RunContext,
): Promise<number> {
  const devices = selectionOf(flags);
  const options = await sharedPullOptionsOf(flags, context);
  const reporter = new ManyReporter({ quiet: flags.quiet === true, verbose: flags.verbose === true });
  try {
    const outcomes = await pullMany({
      ...options,
      devices,
      jobs: flags.jobs ?? Number.POSITIVE_INFINITY,
      timeoutSeconds: flags.timeout,
      root: flags.su ? "su" : "never",
      onEvent(event) {
        reporter.on(event);
        if (event.type !== "ended") return;
        const { serial, result, error } = event.outcome;
        if (flags.json)
          reporter.result(printableJson(error ? errorObject(serial, error) : resultObject(result)));
        else if (result) reporter.result(`${printable(serial)}\t${result.tree}`);
      },
    });
    reporter.sumUp(outcomes);
    return outcomes.find(({ error }) => error !== undefined)?.error?.exitStatus ?? 0;
  } finally {
    reporter.close();
  }
}
