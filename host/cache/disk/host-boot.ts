import { readFileSync } from "node:fs";

/**
 * The id of this workstation's boot: `/proc/sys/kernel/random/boot_id` on Linux, `kern.bootsessionuuid` on macOS.
 * Undefined where the system tells none; then nobody may take a tree for written in this boot.
 */
export function readHostBootId(): string | undefined {
  try {
    const id =
      process.platform === "darwin" ? askSysctl() : readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return id.trim() || undefined;
  } catch {
    // Whatever the reason, what is not known is not claimed: trees are then verified at each use.
    return undefined;
  }
}

function askSysctl(): string {
  // Loaded here alone: it takes longer than all else that a hit does in the cache.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" });
}
