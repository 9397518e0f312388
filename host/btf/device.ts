import { createHash } from "node:crypto";
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { waitingEvent } from "../../shared/progress.js";
import { withAdbdRoot } from "../adb/adbd-root.js";
import { findDevice } from "../adb/wait.js";
import { AgentRefusal, type Conversation } from "../agent/conversation.js";
import { withConversation } from "../agent/with-conversation.js";
import type { CacheEntry } from "../cache/index.js";
import { MalformedBtf } from "../kernel/btf/malformed.js";
import { countTypes } from "../kernel/btf/walk.js";
import type { PullOptions } from "../pull/options.js";
import { RunningKernel } from "../pull/running-kernel.js";
import { Clock } from "../pull/transfer/clock.js";

/** Where a kernel shows its BTF, and its modules theirs (Linux kernel/bpf/sysfs_btf.c, kernel/module). */
const btfFolder = "/sys/kernel/btf";
/** The most bytes of BTF that are accepted. A kernel's has 4 to 10 MB. */
const maxBtfBytes = 64 * 1024 * 1024;

/** The BTF that a running kernel has itself. */
export interface DeviceBtf {
  /** Absolute path in the cache. */
  readonly path: string;
  readonly serial: string;
  readonly entry: CacheEntry;
  readonly cache: "hit" | "miss";
}

/** The BTF of a module, and the kernel's, which it continues. */
export interface ModuleBtf {
  /** Absolute path in the cache. */
  readonly path: string;
  readonly base: DeviceBtf;
}

/** What the steps share. */
interface Session {
  readonly conversation: Conversation;
  readonly kernel: RunningKernel;
  readonly options: PullOptions;
}

/**
 * Gives the BTF of the kernel that a device runs, from the cache if an entry proves to be of that kernel, else from the
 * device: as the shell if it may read it, else as root.
 *
 * @throws KheadersError `no-btf`; `needs-root` and the other codes of status 5; `not-cached` with `offline`; and what
 * reaching a device throws.
 */
export function btfOfDevice(options: PullOptions): Promise<DeviceBtf> {
  return withSession(options, find);
}

/**
 * As {@link btfOfDevice}, with the BTF of a module that is loaded, which is always read anew.
 *
 * @param name As in /proc/modules.
 * @throws KheadersError also `usage` for an impossible name, and with `offline`.
 */
export async function btfOfModule(options: PullOptions, name: string): Promise<ModuleBtf> {
  checkModuleName(name);
  if (options.offline)
    throw new KheadersError("usage", "the BTF of a module is read from the device: not with --offline");
  return withSession(options, async (session) => {
    const base = await find(session);
    return { path: await keepModule(session, base, name), base };
  });
}

async function withSession<T>(options: PullOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const { server, choice, waitSeconds, signal, onProgress } = options;
  const onWait = () => onProgress({ type: "stage", stage: "waiting-for-device" });
  const device = await findDevice(server, choice, { waitSeconds, onWait, signal });
  return withAdbdRoot(device, options, (reached) => {
    onProgress({ type: "stage", stage: "connecting", detail: printable(reached.serial) });
    return withConversation(reached, options, (conversation) => {
      const kernel = new RunningKernel(device.serial, conversation, options, new Clock());
      return work({ conversation, kernel, options });
    });
  });
}

/** Checks the name of a module as /proc/modules has it, which becomes a part of a path. */
export function checkModuleName(name: string): void {
  if (/^[A-Za-z0-9_]{1,64}$/.test(name) && name !== "vmlinux") return;
  throw new KheadersError("usage", `"${printable(name)}" cannot be the name of a module`, {
    hint: "Name it as lsmod does, with _ instead of -.",
  });
}

async function find(session: Session): Promise<DeviceBtf> {
  const { kernel, options } = session;
  const { cache, refresh, offline, signal, onProgress } = options;
  const cached = refresh ? undefined : await lookUp(session);
  if (cached !== undefined) return cached;
  if (offline) throw notCached(kernel);
  if (!kernel.hasFacts) await kernel.askFacts();
  const onWait = (pid: number | undefined) => onProgress(waitingEvent("waiting-for-device-lock", pid));
  const lock = await cache.btf.lock(kernel.identity, { signal, onWait });
  try {
    // Another process may have read it meanwhile, and root may see that it is in the cache.
    const find = async () => (refresh ? undefined : await lookUp(session)) ?? (await fetch(session));
    return await asNeeded(session, "vmlinux", find);
  } finally {
    lock.release();
  }
}

/** Looks the running kernel's BTF up in the cache. The shell may be able to read it, so root is not asked for proof. */
async function lookUp({ kernel, options }: Session): Promise<DeviceBtf | undefined> {
  const { btf } = options.cache;
  for (;;) {
    const serving = kernel.servedBy(btf);
    if (serving.outcome === "hit") {
      const path = btf.open(serving.entry);
      if (path === undefined) return undefined;
      btf.remember(kernel.serial, kernel.identity, serving.entry);
      return { path, serial: kernel.serial, entry: serving.entry, cache: "hit" };
    }
    if (serving.outcome === "ask-root" && options.offline) await kernel.becomeRoot(serving.why);
    else if (serving.outcome !== "ask-facts") return undefined;
    await kernel.askFacts();
  }
}

async function fetch({ conversation, kernel, options }: Session): Promise<DeviceBtf> {
  const { btf } = options.cache;
  options.onProgress({ type: "stage", stage: "reading-btf" });
  const make = (path: string) => receive(conversation, "vmlinux", path, options);
  const { identity, serial } = kernel;
  const about = { kernel: identity, source: "built-in", seen: { serial, identity } } as const;
  const entry = await btf.keep(about, make, options.signal);
  const path = btf.open(entry);
  if (path === undefined) throw new KheadersError("cache-failed", "the BTF was removed by another kheaders");
  return { path, serial, entry, cache: "miss" };
}

/** Reads a module's BTF and keeps it beside the kernel's, without which it means nothing. */
function keepModule(session: Session, { entry }: DeviceBtf, module: string): Promise<string> {
  const { conversation, options } = session;
  const name = `module-${createHash("sha256").update(module).digest("hex").slice(0, 32)}.btf`;
  const make = (path: string) => receive(conversation, module, path, options);
  return asNeeded(session, module, () =>
    options.cache.btf.keepExtra(entry.digest, name, make, { replace: true, signal: options.signal }),
  );
}

/** Reads as the shell, and as root if the shell may not and root is allowed. */
async function asNeeded<T>(session: Session, name: string, read: () => Promise<T>): Promise<T> {
  const { kernel } = session;
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AgentRefusal)) throw error;
    const hasBtf = kernel.config && hasBtfOption(kernel.config, name);
    if (kernel.isRoot) throw unreadable(name, hasBtf);
    if (hasBtf === false) throw noBtf(name, hasBtf);
    const perhaps = hasBtf && name === "vmlinux" ? "" : ", if it is there";
    const purpose = `${btfFolder}/${name} can only be read as root${perhaps}`;
    if (!kernel.canBecomeRoot) throw needsRoot(purpose);
    await kernel.becomeRoot(purpose);
  }
  await kernel.askFacts();
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AgentRefusal)) throw error;
    throw unreadable(name, kernel.config && hasBtfOption(kernel.config, name));
  }
}

function hasBtfOption(config: ReadonlyMap<string, string>, name: string): boolean {
  return config.has(name === "vmlinux" ? "CONFIG_DEBUG_INFO_BTF" : "CONFIG_DEBUG_INFO_BTF_MODULES");
}

/** Reads a BTF file of the device into a file that does not exist yet. */
async function receive(
  conversation: Conversation,
  name: string,
  path: string,
  { onProgress }: PullOptions,
): Promise<void> {
  const file = openSync(path, "wx", 0o644);
  let bytes = 0;
  try {
    await conversation.readFile(`${btfFolder}/${name}`, maxBtfBytes, (part, total) => {
      appendFileSync(file, part);
      bytes += part.length;
      onProgress({ type: "progress", bytes, total });
    });
  } finally {
    closeSync(file);
  }
  try {
    countTypes(readFileSync(path));
  } catch (error) {
    if (!(error instanceof MalformedBtf)) throw error;
    const message = `${btfFolder}/${name} on the device: ${error.message}`;
    throw new KheadersError("protocol-error", message, { hint: "Try again.", cause: error });
  }
}

function noBtf(name: string, hasBtf: boolean | undefined): KheadersError {
  if (name !== "vmlinux")
    return new KheadersError("no-btf", `the kernel's module ${printable(name)} has no BTF`, {
      hint: "Is it loaded, and does the kernel have CONFIG_DEBUG_INFO_BTF_MODULES?",
    });
  const why = hasBtf === false ? "CONFIG_DEBUG_INFO_BTF is not set" : `there is no ${btfFolder}/${name}`;
  return new KheadersError("no-btf", `this kernel has no BTF: ${why}`, {
    hint: "Make it from the headers: kheaders btf --from headers",
  });
}

/** Why root cannot read it. */
function unreadable(name: string, hasBtf: boolean | undefined): KheadersError {
  if (name !== "vmlinux" || !hasBtf) return noBtf(name, hasBtf);
  return new KheadersError("not-permitted", `${btfFolder}/${name} cannot be read even as root`, {
    hint: "SELinux may confine the root shell; see: adb shell dmesg | grep avc",
  });
}

function needsRoot(purpose: string): KheadersError {
  return new KheadersError("needs-root", purpose, {
    hint: "Root the device, or use a userdebug build with --root.",
  });
}

function notCached({ identity }: RunningKernel): KheadersError {
  return new KheadersError("not-cached", `the BTF of ${printable(identity.release)} is not cached`, {
    hint: "Get it once without --offline.",
  });
}
