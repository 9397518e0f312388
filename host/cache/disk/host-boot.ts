import { readFileSync } from "node:fs";

/**
 * The id of this workstation's boot: `/proc/sys/kernel/random/boot_id` on Linux, `kern.bootsessionuuid` on
 * macOS. Undefined if the system does not say; then no tree counts as written in this boot.
 */
export function readHostBootId(): string | undefined {
  try {
    const id =
      process.platform === "darwin" ? askSysctl() : readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return id.trim() || undefined;
  } catch {
    // Whatever the reason: without an id, trees are verified at each use.
    return undefined;
  }
}

function askSysctl(): string {
  // Loaded only here: it takes longer than everything else that a hit does in the cache.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" });
}
