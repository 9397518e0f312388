import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { runTool } from "../process/tool.js";
import type { BtfOptions, LocatedBtf } from "./locate.js";

const bpftoolHint = "Install bpftool (Debian: apt install bpftool).";
const headerName = "vmlinux.h";

/**
 * Makes `vmlinux.h` of BTF with bpftool, and runs `work` with the path of the folder that it lies in. It is kept beside the
 * BTF; that of a tree outside the cache is there only while `work` runs.
 *
 * @param options With `refresh` it is made anew.
 * @throws KheadersError `tool-missing` without bpftool; `compile-failed` if it fails; `cache-failed` or `disk-full`; what
 * `work` throws; the signal's reason when it aborts.
 */
export async function withVmlinuxH<T>(
  { path, keep }: Pick<LocatedBtf, "path" | "keep">,
  { refresh, signal }: Pick<BtfOptions, "refresh" | "signal">,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const make = async (folder: string) => {
    mkdirSync(folder);
    writeFileSync(join(folder, headerName), await dump(path, signal), { mode: 0o644 });
  };
  if (keep !== undefined) {
    // Named after the BTF, so that it never is that of another.
    const name = `vmlinux-h-${createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 32)}`;
    return work(await keep(name, make, { replace: refresh, signal }));
  }
  const temporary = mkdtempSync(join(resolve(tmpdir()), "kheaders-btf-"));
  try {
    const folder = join(temporary, "include");
    await make(folder);
    return await work(folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The path of the header in a folder of {@link withVmlinuxH}. */
export function vmlinuxHeader(folder: string): string {
  return join(folder, headerName);
}

/** Debian has it in /usr/sbin, which is not in the PATH of ordinary users. */
function bpftool(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const isInPath = folders.some((folder) => existsSync(join(folder, "bpftool")));
  return !isInPath && existsSync("/usr/sbin/bpftool") ? "/usr/sbin/bpftool" : "bpftool";
}

async function dump(btf: string, signal: AbortSignal): Promise<string> {
  const args = ["btf", "dump", "file", btf, "format", "c"];
  const { status, stdout, stderr } = await runTool(bpftool(), args, { signal, hint: bpftoolHint });
  if (status === 0 && stdout !== "") return stdout;
  const said = printable(stderr.trim().split("\n").at(-1) ?? "", 300);
  throw new KheadersError("compile-failed", `bpftool does not make a vmlinux.h${said && `: ${said}`}`, {
    hint: bpftoolHint,
  });
}
