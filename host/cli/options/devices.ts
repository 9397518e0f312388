import { KheadersError } from "../../../shared/errors.js";
import { parsePattern } from "../../farm/match.js";
import type { Selection } from "../../farm/selection.js";
import type { PullFlags } from "./pull.js";

/** Options that choose several devices. */
export interface SelectionFlags {
  readonly all?: boolean;
  readonly match?: readonly string[];
}

/** Whether the flags may mean several devices. */
export function meansMany(flags: PullFlags & SelectionFlags): boolean {
  return flags.all === true || flags.match !== undefined || new Set(flags.s).size > 1;
}

/**
 * The devices that the flags mean; `ANDROID_SERIAL` does not count, for it means one.
 *
 * @throws KheadersError `usage` for flags that contradict each other, and for `--root`, which would end other people's
 * sessions on many devices.
 */
export function selectionOf(flags: PullFlags & SelectionFlags): Selection {
  if (flags.root) {
    throw new KheadersError(
      "usage",
      "--root restarts adbd, and with it other people's sessions: one device only",
      {
        hint: "Choose the device with -s.",
      },
    );
  }
  if (flags.t !== undefined) throw new KheadersError("usage", "-t means one device");
  if (flags.s !== undefined) {
    const another = flags.all ? "--all" : flags.match ? "--match" : undefined;
    if (another) throw new KheadersError("usage", `-s cannot be given together with ${another}`);
    return { serials: flags.s };
  }
  return { usb: flags.d, emulator: flags.e, match: flags.match?.map(parsePattern) };
}
