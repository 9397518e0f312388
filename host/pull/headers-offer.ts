import type { HeadersReport } from "../agent/conversation.js";
import { ikheadersOf, type KernelConfig } from "../kernel/config.js";

/**
 * How a device offers its headers: in the kernel, in a module that can be loaded or is already loaded, not at all, or in
 * a way that only root can see.
 */
export type Headers = "built-in" | "module" | "loaded" | "none" | "needs-root";

/**
 * Derives from an unchanged device what a pull would find there. `devices` and `doctor` both show this answer.
 *
 * @param config The kernel's configuration; undefined if it is not known.
 */
export function headersOf(report: HeadersReport, config: KernelConfig | undefined): Headers {
  if (report.archive !== undefined) {
    if (!report.readable) return "needs-root";
    return report.loaded === "yes" ? "loaded" : "built-in";
  }
  // A module that is loaded and shows no archive is not the kernel's own, and loading it again changes nothing.
  if (report.loaded === "yes") return "none";
  if (report.module !== undefined) return "module";
  if (config !== undefined && ikheadersOf(config) === null) return "none";
  return report.denied.length > 0 && report.uid !== 0 ? "needs-root" : "none";
}
