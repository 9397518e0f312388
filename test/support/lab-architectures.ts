import { type Architecture, architectures, hostPrograms } from "../lab/index.js";
import { findProgram } from "./programs.js";
import { skipBecause } from "./skip.js";

/** The architectures that devices can be made of here; says of the others what is missing. `what` the tests show. */
export function labArchitectures(what: string): Architecture[] {
  return architectures.filter((architecture) => {
    const missing = hostPrograms(architecture).filter((name) => findProgram(name) === undefined);
    if (missing.length > 0)
      skipBecause(`there is no ${missing.join(" and no ")}`, `${what} (${architecture})`);
    return missing.length === 0;
  });
}
