import type { KernelIdentity } from "../../shared/identity.js";
import type { Conversation, Facts } from "../agent/conversation.js";
import { becomeRoot } from "../agent/su.js";
import type { Cache, Offer, Serving } from "../cache/index.js";
import type { KernelConfig } from "../kernel/config.js";
import { readKernelFacts } from "../kernel/facts.js";
import type { PullOptions } from "./options.js";
import type { Clock } from "./transfer/clock.js";

/** The kernel that a device runs: what is known of it, how it came to be known, and whether it can be asked as root. */
export class RunningKernel {
  readonly serial: string;
  readonly #conversation: Conversation;
  readonly #options: Pick<PullOptions, "root" | "trustRelease" | "onProgress">;
  readonly #clock: Clock;
  #identity: KernelIdentity;
  #config: KernelConfig | undefined;
  #compressedConfig: Uint8Array | undefined;
  #isRoot: boolean;
  #asked: "hello" | "facts" | "facts-as-root" = "hello";
  readonly #warned = new Set<string>();

  constructor(
    serial: string,
    conversation: Conversation,
    options: Pick<PullOptions, "root" | "trustRelease" | "onProgress">,
    clock: Clock,
  ) {
    this.serial = serial;
    this.#conversation = conversation;
    this.#options = options;
    this.#clock = clock;
    const { uid, ...hello } = conversation.hello;
    this.#identity = { ...hello, configDigest: undefined, buildId: undefined };
    this.#isRoot = uid === 0;
  }

  get identity(): KernelIdentity {
    return this.#identity;
  }

  /** Undefined if it was not asked for, or cannot be read. */
  get config(): KernelConfig | undefined {
    return this.#config;
  }

  /** `/proc/config.gz`, as it came. */
  get compressedConfig(): Uint8Array | undefined {
    return this.#compressedConfig;
  }

  /** Whether facts are missing that could be asked for with the rights that we have. */
  get lacksFacts(): boolean {
    return this.#asked !== (this.#isRoot ? "facts-as-root" : "facts");
  }

  /** Whether more than the hello was asked for. */
  get hasFacts(): boolean {
    return this.#asked !== "hello";
  }

  get isRoot(): boolean {
    return this.#isRoot;
  }

  get canBecomeRoot(): boolean {
    return !this.#isRoot && this.#options.root === "su";
  }

  /** What the cache says to what is known so far; with an offer, also of what a store has. */
  servedBy(cache: Pick<Cache, "serving">, offer?: Offer): Serving {
    return cache.serving(this.#identity, this.serial, {
      asked: this.#asked,
      rootPossible: this.canBecomeRoot,
      trustRelease: this.#options.trustRelease,
      config: this.#config,
      offer,
    });
  }

  async askFacts(): Promise<void> {
    this.#options.onProgress({ type: "stage", stage: "identifying" });
    this.learn(await this.#conversation.facts());
  }

  /** Takes in facts that came without being asked for alone. Facts that cannot be read are unknown, with a warning. */
  learn(raw: Facts): void {
    const facts = readKernelFacts(raw);
    for (const message of facts.problems) this.#warnOnce(message);
    this.#compressedConfig = facts.config ? raw.config : this.#compressedConfig;
    this.#config = facts.config ?? this.#config;
    this.#identity = {
      ...this.#identity,
      configDigest: facts.configDigest ?? this.#identity.configDigest,
      buildId: facts.buildId ?? this.#identity.buildId,
    };
    this.#asked = this.#isRoot ? "facts-as-root" : "facts";
    this.#clock.lap("identify");
  }

  /** @param purpose what root is needed for. */
  async becomeRoot(purpose: string): Promise<void> {
    this.#options.onProgress({ type: "stage", stage: "becoming-root" });
    await becomeRoot(this.#conversation, purpose);
    this.#isRoot = true;
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onProgress({ type: "warning", message });
  }
}
