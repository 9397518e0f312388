import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { statusOf, toolResult } from "../../process/child.js";
import type { KernelDiff } from "./kernel-diff.js";

/** Characters of what diff says on its standard error. */
const maxComplaints = 2000;
const hint = "Install diff (Debian: apt install diffutils).";

/**
 * Writes the differences of the headers of two kernels as a unified patch, as the workstation's `diff` makes it. The trees are
 * called `a` and `b` in it.
 *
 * @param write Takes what diff prints, as it comes; what it returns is waited for.
 * @returns whether there is a difference, and what diff could not compare, such as links that lead nowhere.
 * @throws KheadersError `tool-missing` without diff; the signal's reason when it aborts.
 */
export async function writePatch(
  { old, new: now }: Pick<KernelDiff, "old" | "new">,
  write: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<{ readonly differs: boolean; readonly problems: readonly string[] }> {
  const folder = mkdtempSync(join(resolve(tmpdir()), "kheaders-diff-"));
  try {
    symlinkSync(old.tree, join(folder, "a"));
    symlinkSync(now.tree, join(folder, "b"));
    const args = ["-ruN", "a/", "b/"];
    const child = spawn("diff", args, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      killSignal: "SIGKILL",
    });
    let complaints = "";
    let differs = false;
    child.stderr.on("data", (chunk: Buffer) => {
      complaints = `${complaints}${chunk.toString()}`.slice(0, maxComplaints);
    });
    const ended = toolResult(statusOf(child, "close"), "diff", { signal, hint });
    const written = (async () => {
      for await (const chunk of child.stdout) {
        differs = true;
        await write(chunk);
      }
    })();
    // Whichever fails, the other is waited for, too.
    await Promise.all([ended, written]);
    return { differs, problems: complaints.split("\n").filter((line) => line !== "") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
