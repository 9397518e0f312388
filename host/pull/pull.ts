import { KheadersError } from "../../shared/errors.js";
import type { Digest, KernelIdentity, Source } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import type { ProgressListener, Stage } from "../../shared/progress.js";
import { type RootMode, withAdbdRoot } from "../adb/adbd-root.js";
import { connectToDevice, type Device, type DeviceChoice } from "../adb/devices.js";
import type { AdbServer } from "../adb/server.js";
import { findDevice } from "../adb/wait.js";
import {
  AgentRefusal,
  type ArchiveHeader,
  type ArchiveTrailer,
  Conversation,
  type Facts,
} from "../agent/conversation.js";
import { explainRefusal } from "../agent/explain.js";
import { becomeRoot } from "../agent/su.js";
import {
  type Cache,
  type CacheEntry,
  decideServing,
  describeChange,
  type OpenedTree,
} from "../cache/index.js";
import { mismatch } from "../kernel/belonging.js";
import { ikheadersOf, type KernelConfig } from "../kernel/config.js";
import { readKernelFacts } from "../kernel/facts.js";
import { decoderSlots } from "./decoder-slots.js";
import { Turn } from "./headway.js";

/** Of the time after which a transfer that stands still is given up, the part for which it may hold up other pulls. */
const patienceOfOthers = 1 / 3;
/** What a device must send in that time, in bytes: a trickle is no headway. */
const leastHeadway = 64 * 1024;

/** What to pull, from where, and how. */
export interface PullOptions {
  readonly server: AdbServer;
  readonly choice: DeviceChoice;
  readonly cache: Cache;
  /** Seconds to wait for the device to come; 0 for not at all. */
  readonly waitSeconds: number;
  /** Ignores what the cache has. */
  readonly refresh: boolean;
  /** Answers from the cache alone: a device is asked which kernel it runs, and for nothing else. */
  readonly offline: boolean;
  /** Leaves the module in. */
  readonly keepLoaded: boolean;
  /** Unpacks an archive of another kernel all the same, apart from this kernel's. */
  readonly allowMismatch: boolean;
  /** Serves by fingerprint and release alone. */
  readonly trustRelease: boolean;
  /** How the device may become root where that is needed: by su, by restarting adbd (`adb root`), or not at all. */
  readonly root: RootMode;
  /** Seconds after which the device ends a transfer that does not move. */
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** Milliseconds that each part took; what did not happen is absent. */
export interface PullTimes {
  connect?: number;
  identify?: number;
  load?: number;
  transfer?: number;
  unpack?: number;
  total?: number;
}

/** The headers of the kernel that a device runs. */
export interface PullResult {
  /** Undefined where no device was asked. */
  readonly serial: string | undefined;
  readonly kernel: KernelIdentity;
  readonly digest: Digest;
  /** Size of the compressed archive. */
  readonly bytes: number;
  /** Path of the compressed archive in the cache. */
  readonly archive: string;
  /** Path of the unpacked tree in the cache. */
  readonly tree: string;
  /** What the cache keeps of that kernel; undefined for headers of another one (`allowMismatch`). */
  readonly entry: CacheEntry | undefined;
  readonly cache: "hit" | "miss";
  readonly source: Source;
  /** Whether a module that we loaded is out again; undefined where we loaded none. */
  readonly unloaded: boolean | undefined;
  readonly ms: Readonly<PullTimes>;
}

/**
 * Gives the headers of the kernel that a device is running right now: from the cache where an entry proves to be of
 * that kernel, else from the device.
 *
 * @throws KheadersError with any code but `usage`; the signal's reason when it aborts.
 */
export async function pull(options: PullOptions): Promise<PullResult> {
  const clock = new Clock();
  const device = await findDevice(options.server, options.choice, {
    waitSeconds: options.waitSeconds,
    onWait: () => options.onProgress({ type: "stage", stage: "waiting-for-device" }),
    signal: options.signal,
  });
  return withAdbdRoot(device, options, (reached) => pullTwiceIfCut(reached, options, clock));
}

/** Somebody else may unload the module while we read: that is worth a second try, under the device's lock. */
async function pullTwiceIfCut(device: Device, options: PullOptions, clock: Clock): Promise<PullResult> {
  try {
    return await pullFrom(device, options, clock);
  } catch (error) {
    if (!(error instanceof KheadersError) || error.code !== "transfer-cut") throw error;
    options.onProgress({ type: "warning", message: `${error.message}; trying once more` });
    return await pullFrom(device, options, clock);
  }
}

async function pullFrom(device: Device, options: PullOptions, clock: Clock): Promise<PullResult> {
  options.onProgress({ type: "stage", stage: "connecting", detail: printable(device.serial) });
  const connection = await connectToDevice(options.server, device, options.signal);
  const conversation = await Conversation.start(connection, options, options.signal);
  clock.lap("connect");
  const session = new PullSession(device, conversation, options, clock);
  try {
    return await session.run();
  } finally {
    await session.close();
  }
}

class PullSession {
  readonly #device: Device;
  readonly #conversation: Conversation;
  readonly #options: PullOptions;
  readonly #clock: Clock;
  #kernel: KernelIdentity;
  #config: KernelConfig | undefined;
  /** `/proc/config.gz`, as it came. */
  #compressedConfig: Uint8Array | undefined;
  #isRoot: boolean;
  /** Why the cache did not serve, when it was last asked. */
  #missedFor: string | undefined;
  #asked: "hello" | "facts" | "facts-as-root" = "hello";
  /** Something on the device may have to be restored. */
  #touched = false;

  constructor(device: Device, conversation: Conversation, options: PullOptions, clock: Clock) {
    this.#device = device;
    this.#conversation = conversation;
    this.#options = options;
    this.#clock = clock;
    const { uid, ...hello } = conversation.hello;
    this.#kernel = { ...hello, configDigest: undefined, buildId: undefined };
    this.#isRoot = uid === 0;
  }

  async run(): Promise<PullResult> {
    const { cache, refresh, offline, signal, onProgress } = this.#options;
    const lastSeen = cache.lastSeen(this.#device.serial);
    const known = refresh ? undefined : await this.#lookUp();
    if (known === undefined && offline) throw notCached(this.#kernel);
    const change = lastSeen && describeChange(lastSeen, this.#kernel);
    if (change !== undefined)
      onProgress({ type: "notice", message: `${printable(this.#device.serial)} runs ${change}` });
    if (known !== undefined) return known;
    const turn = new Turn(this.#options.stallSeconds * patienceOfOthers);
    let details: Promise<void> | undefined;
    const onWait = (pid: number | undefined) => {
      this.#stage("waiting-for-other-pull", otherProcess(pid));
      // What that pull brings will serve, and now is the time to ask what tells so, not when others wait for us.
      if (this.#asked !== "hello") return;
      details = this.#askDetails();
      // It is awaited below.
      details.catch(() => undefined);
    };
    turn.hold(await cache.lock(this.#kernel, { signal, onWait }));
    try {
      turn.headway();
      await details;
      // Somebody else may have pulled it between our look and our lock.
      return (refresh ? undefined : await this.#lookUp()) ?? (await this.#fetch(turn));
    } finally {
      turn.end();
    }
  }

  async close(): Promise<void> {
    if (this.#touched) await this.#conversation.end();
    else this.#conversation.close();
  }

  /** Looks the kernel up, and asks the device for as much as it takes to be sure. */
  async #lookUp(): Promise<PullResult | undefined> {
    const { cache, trustRelease, signal, onProgress } = this.#options;
    for (;;) {
      const { bootId } = this.#kernel;
      const serving = decideServing({
        identity: this.#kernel,
        boot: bootId === undefined ? undefined : cache.findBoot(this.#device.serial, bootId),
        candidates: cache.entriesFor(this.#kernel),
        asked: this.#asked,
        rootPossible: this.#options.root === "su" && this.#asked !== "facts-as-root",
        trustRelease,
      });
      switch (serving.outcome) {
        case "hit": {
          const tree = await cache.open(serving.entry, { signal, onProgress });
          if (tree === undefined) return undefined;
          cache.remember(this.#device.serial, this.#kernel, serving.entry);
          this.#kernel = { ...this.#kernel, buildId: this.#kernel.buildId ?? serving.entry.kernel.buildId };
          return this.#result(tree, { source: serving.entry.source, cache: "hit", unloaded: undefined });
        }
        case "miss":
          if (serving.why !== this.#missedFor) this.#stage("identifying", serving.why);
          this.#missedFor = serving.why;
          return undefined;
        case "ask-facts":
          await this.#askDetails();
          break;
        case "ask-root":
          await this.#becomeRoot(serving.why);
          await this.#askDetails();
          break;
        case "denied":
          throw new KheadersError("needs-root", serving.why, { hint: serving.hint });
      }
    }
  }

  async #askDetails(): Promise<void> {
    this.#stage("identifying");
    this.#learn(await this.#conversation.facts());
  }

  #learn(raw: Facts): void {
    const facts = readKernelFacts(raw);
    this.#compressedConfig = raw.config ?? this.#compressedConfig;
    this.#config = facts.config ?? this.#config;
    this.#kernel = {
      ...this.#kernel,
      configDigest: facts.configDigest ?? this.#kernel.configDigest,
      buildId: facts.buildId ?? this.#kernel.buildId,
    };
    this.#asked = this.#isRoot ? "facts-as-root" : "facts";
    this.#clock.lap("identify");
  }

  async #becomeRoot(purpose: string): Promise<void> {
    this.#stage("becoming-root");
    await becomeRoot(this.#conversation, purpose);
    this.#isRoot = true;
  }

  /** Whether there may be details that were not asked for with the rights that we have. */
  get #lacksDetails(): boolean {
    return this.#asked !== (this.#isRoot ? "facts-as-root" : "facts");
  }

  /** Gets the archive off the device, unpacks it, and publishes what proves to be of this kernel. */
  async #fetch(turn: Turn): Promise<PullResult> {
    const { cache, signal } = this.#options;
    turn.pause();
    turn.hold(await decoderSlots.acquire(signal));
    turn.headway();
    const staging = await cache.stage({ release: this.#kernel.release }, signal);
    try {
      this.#touched = true;
      this.#stage("preparing");
      const requested = this.#requestArchive();
      // It is awaited below: until then all is made ready for what it brings.
      requested.catch(() => undefined);
      const { receiveArchive } = await import("./receive.js");
      const { startDecoder } = await import("../archive/xz/start.js");
      const decoder = startDecoder();
      const onProgress = this.#tellingHeadway(turn);
      const received = await requested
        .then((header) =>
          receiveArchive(this.#conversation, header, staging, decoder, { signal, onProgress }),
        )
        .finally(() => decoder.close());
      this.#clock.set("transfer", received.transferMilliseconds);
      const belonging = received.evidence.belongsTo(this.#kernel.release, this.#config);
      if (!belonging.belongs && !this.#options.allowMismatch) throw mismatch(belonging.reason);
      this.#stage("publishing");
      const { staged, trailer } = received;
      const { source } = received.header;
      const tree = belonging.belongs
        ? await staged.publish({ identity: this.#kernel, serial: this.#device.serial, source })
        : await staged.publishApart();
      await this.#keepConfig(tree.entry);
      this.#clock.lap("unpack");
      if (!belonging.belongs) this.#warn(`not the running kernel's headers: ${belonging.reason}`);
      this.#warnOf(trailer);
      return this.#result(tree, { source, cache: "miss", unloaded: trailer.unloaded });
    } finally {
      await staging.discard();
    }
  }

  /** Keeps the kernel's configuration beside its headers; where that fails, the headers serve all the same. */
  async #keepConfig(entry: CacheEntry | undefined): Promise<void> {
    const { cache, signal } = this.#options;
    if (entry === undefined || this.#compressedConfig === undefined) return;
    const { keepConfig } = await import("./kept-config.js");
    try {
      await keepConfig(cache, entry, this.#compressedConfig, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KheadersError)) throw error;
      this.#warn(`the kernel's configuration was not kept: ${error.message}`);
    }
  }

  /** Tells of a transfer, and the turn of its headway. */
  #tellingHeadway(turn: Turn): ProgressListener {
    let counted = 0;
    return (event) => {
      if (event.type === "stage") turn.headway();
      if (
        event.type === "progress" &&
        (event.bytes - counted >= leastHeadway || event.bytes === event.total)
      ) {
        counted = event.bytes;
        turn.headway();
      }
      this.#options.onProgress(event);
    };
  }

  /** Asks for the archive, as root where that is needed and may be. */
  async #requestArchive(): Promise<ArchiveHeader> {
    try {
      return await this.#send();
    } catch (error) {
      const mayBecomeRoot = !this.#isRoot && this.#options.root === "su";
      if (!(error instanceof KheadersError) || error.code !== "needs-root" || !mayBecomeRoot) throw error;
      await this.#becomeRoot(error.message);
    }
    return await this.#send();
  }

  async #send(): Promise<ArchiveHeader> {
    try {
      const header = await this.#conversation.send({
        keepLoaded: this.#options.keepLoaded,
        withFacts: this.#lacksDetails,
        onWait: () => this.#stage("waiting-for-device-lock"),
      });
      this.#clock.lap("load");
      if (header.facts !== undefined) this.#learn(header.facts);
      return header;
    } catch (error) {
      if (!(error instanceof AgentRefusal)) throw error;
      if (error.facts !== undefined) this.#learn(error.facts);
      throw this.#explain(error);
    }
  }

  #explain(refusal: AgentRefusal): KheadersError {
    return explainRefusal({
      refusal: refusal.reason,
      path: refusal.path,
      denied: refusal.denied,
      ikheaders: this.#config && ikheadersOf(this.#config),
      diagnostics: refusal.diagnostics,
    });
  }

  #warnOf(trailer: ArchiveTrailer): void {
    if (trailer.unloaded === "in-use") {
      this.#warn(
        "somebody else reads the headers on the device, so the module stays loaded; later: kheaders unload",
      );
    }
    if (trailer.unloaded === "no")
      this.#warn("the kernel did not let the kheaders module go; later: kheaders unload");
    if (trailer.taint?.includes("E") && this.#config?.has("CONFIG_MODULE_SIG")) {
      this.#warn("kheaders.ko is unsigned on a kernel that signs its modules: is it this kernel's own?");
    }
  }

  #result(
    tree: OpenedTree,
    about: Pick<PullResult, "source" | "cache"> & Pick<ArchiveTrailer, "unloaded">,
  ): PullResult {
    return {
      serial: this.#device.serial,
      kernel: this.#kernel,
      digest: tree.digest,
      bytes: tree.bytes,
      archive: tree.archive,
      tree: tree.tree,
      entry: tree.entry,
      cache: about.cache,
      source: about.source,
      unloaded: about.unloaded === undefined ? undefined : about.unloaded === "yes",
      ms: this.#clock.times(),
    };
  }

  #stage(stage: Stage, detail?: string): void {
    this.#options.onProgress(
      detail === undefined ? { type: "stage", stage } : { type: "stage", stage, detail },
    );
  }

  #warn(message: string): void {
    this.#options.onProgress({ type: "warning", message });
  }
}

/** Measures the parts of a pull, one after the other. */
class Clock {
  readonly #started = performance.now();
  readonly #times: PullTimes = {};
  #last = this.#started;

  /** Ends a part: it took the time since the one before it. */
  lap(part: keyof PullTimes): void {
    const now = performance.now();
    this.set(part, now - this.#last);
    this.#last = now;
  }

  set(part: keyof PullTimes, milliseconds: number): void {
    this.#times[part] = Math.round(milliseconds * 10) / 10;
  }

  times(): PullTimes {
    this.set("total", performance.now() - this.#started);
    return this.#times;
  }
}

function notCached(kernel: KernelIdentity): KheadersError {
  return new KheadersError("not-cached", `the headers of ${printable(kernel.release)} are not cached`, {
    hint: "Pull them once without --offline.",
  });
}

/** Names the process that is waited for; undefined where that is this one, or is not known. */
function otherProcess(pid: number | undefined): string | undefined {
  return pid === undefined || pid === process.pid ? undefined : `process ${pid}`;
}
