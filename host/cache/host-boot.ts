import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * The id of this workstation's boot: `/proc/sys/kernel/random/boot_id` on Linux, `kern.bootsessionuuid` on macOS.
 * Undefined where the system tells none; then nobody may take a tree for written in this boot.
 */
export function readHostBootId(): string | undefined {
  try {
    const id =
      process.platform === "darwin"
        ? execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" })
        : readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return id.trim() || undefined;
  } catch {
    // Whatever the reason, what is not known is not claimed: trees are then verified at each use.
    return undefined;
  }
}
