import type { Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import { parsePattern } from "../../farm/match.js";
import type { Selection } from "../../farm/selection.js";
import { option } from "./option.js";
import type { PullFlags } from "./pull.js";
import { collect } from "./units.js";

/** Options that select several devices. */
export interface SelectionFlags {
  readonly all?: boolean;
  readonly match?: readonly string[];
}

export const matchOption: Option = option(
  "--match <pattern>",
  "devices with model=, fingerprint= or release=PATTERN",
  { parse: collect },
);

/** Whether the flags may select several devices. */
export function selectsMany(flags: PullFlags & SelectionFlags): boolean {
  return flags.all === true || flags.match !== undefined || new Set(flags.s).size > 1;
}

/**
 * The devices that the flags select. `ANDROID_SERIAL` does not count here, because it names one.
 *
 * @throws KheadersError `usage` for flags that contradict each other, and for `--root`, which would end other people's
 * sessions on many devices.
 */
export function selectionOf(flags: PullFlags & SelectionFlags): Selection {
  if (flags.root) {
    throw new KheadersError("usage", "--root works on one device only: it ends other people's sessions", {
      hint: "Choose the device with -s.",
    });
  }
  if (flags.t !== undefined) throw new KheadersError("usage", "-t chooses one device");
  if (flags.s !== undefined) {
    const another = flags.all ? "--all" : flags.match ? "--match" : undefined;
    if (another) throw new KheadersError("usage", `-s cannot be given together with ${another}`);
    return { serials: flags.s };
  }
  return { usb: flags.d, emulator: flags.e, match: flags.match?.map(parsePattern) };
}
