import { randomBytes } from "node:crypto";
import { KheadersError } from "../../shared/errors.js";
import { asDigest, type Digest, type Source } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import { protocolVersion, type Refusal, refusals, type SuStyle, verbs } from "../../shared/protocol.js";
import type { AdbConnection } from "../adb/connection.js";
import { ShellProcess } from "../adb/shell.js";
import type { Block } from "./block.js";
import { type ListedModule, type ModuleListing, moduleListingOf } from "./module-listing.js";
import { AgentReader } from "./reader.js";
import { agentCommand } from "./script.js";

/** How long the agent may take to restore the device and end, once its input is closed. */
const endingMilliseconds = 5_000;
/** Neither a kernel's configuration nor its notes come near this. */
const longestFact = 1024 * 1024;
/** What the list of a device's modules may have: thousands of long paths. */
const longestListing = 8 * 1024 * 1024;
/** Bytes of paths in one command: the device's cat gets them as its arguments, and a shell reads them byte by byte. */
const longestPaths = 16 * 1024;

/** What the device says of itself first, at the cost of one fork. */
export interface Hello {
  readonly fingerprint: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly bootId: string | undefined;
  /** Effective user id of the shell. */
  readonly uid: number | undefined;
}

/** The raw files that tell one kernel from another; undefined where there is none or it may not be read. */
export interface Facts {
  /** `/proc/config.gz`. */
  readonly config: Uint8Array | undefined;
  /** `/sys/kernel/notes`. */
  readonly notes: Uint8Array | undefined;
}

/** How the device offers its headers, without anything loaded for it. */
export interface HeadersReport {
  readonly uid: number | undefined;
  /** Whether there is a su to ask. */
  readonly su: boolean;
  /** `ro.debuggable`: whether adbd can be restarted as root. */
  readonly debuggable: boolean;
  readonly archive: string | undefined;
  readonly readable: boolean;
  readonly loaded: "yes" | "no" | "unknown";
  /** Where kheaders.ko lies. */
  readonly module: string | undefined;
  /** Module folders that this user may not list. */
  readonly denied: readonly string[];
}

/** What the agent says before the archive's bytes. */
export interface ArchiveHeader {
  readonly source: Exclude<Source, "file">;
  readonly path: string;
  /** Bytes to come. */
  readonly size: number;
  /** Whether the trailer will tell the archive's digest. */
  readonly hasDigest: boolean;
  /** Undefined where they were not asked for. */
  readonly facts: Facts | undefined;
}

/** How to ask for the archive. */
export interface SendOptions {
  /** Leaves the module in. */
  readonly keepLoaded: boolean;
  /** Gives the facts as well, at no cost: one process tells the sizes of all files, and another sends them. */
  readonly withFacts: boolean;
  /** Hears when another conversation has this device's lock. */
  readonly onWait: () => void;
}

/** What the agent says after them. */
export interface ArchiveTrailer {
  /** As the device computed it; undefined where it has no sha256sum. */
  readonly digest: Digest | undefined;
  /** Of a module that the agent loaded: whether it is out again. Undefined where there was nothing to unload. */
  readonly unloaded: "yes" | "no" | "in-use" | undefined;
  /** `/sys/module/kheaders/taint`: holds E for an unsigned module on a kernel that signs its own. */
  readonly taint: string | undefined;
}

/** The agent's refusal, with all that is needed to explain it. */
export class AgentRefusal extends Error {
  override readonly name = "AgentRefusal";
  readonly reason: Refusal;
  /** kheaders.ko or the archive, where the agent names one. */
  readonly path: string | undefined;
  /** Module folders that this user may not list. */
  readonly denied: readonly string[];
  readonly diagnostics: string;
  /** Undefined where they were not asked for. */
  readonly facts: Facts | undefined;

  constructor(reason: Refusal, block: Block, diagnostics: string, facts: Facts | undefined) {
    super(`the device agent refused: ${reason}`);
    this.reason = reason;
    this.path = block.get("path");
    this.denied = block.all("denied");
    this.diagnostics = diagnostics;
    this.facts = facts;
  }
}

/** Parameters of a conversation that tests shorten. */
export interface ConversationOptions {
  readonly stallSeconds: number;
}

/**
 * One conversation with the agent on one device: its methods are the agent's commands. `send`, with the archive's bytes
 * and trailer, is the last. Every method may throw KheadersError `device-lost` or `protocol-error`, and the signal's
 * reason when it aborts.
 */
export class Conversation {
  readonly hello: Hello;
  readonly #process: ShellProcess;
  readonly #output: AgentReader;
  readonly #nonce: string;
  /** Somebody is asked whether we may be root; until then nothing but a hang-up reaches the agent. */
  #asksSu = false;

  private constructor(process: ShellProcess, output: AgentReader, nonce: string, hello: Hello) {
    this.#process = process;
    this.#output = output;
    this.#nonce = nonce;
    this.hello = hello;
  }

  /** Starts the agent over a connection tied to a device, and hears its hello. */
  static async start(
    connection: AdbConnection,
    options: ConversationOptions,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const nonce = randomBytes(8).toString("hex");
    const process = await ShellProcess.start(connection, agentCommand({ nonce, ...options }));
    try {
      const output = new AgentReader(process, signal, options.stallSeconds);
      const block = await output.readHello("kheaders", nonce, protocolVersion);
      return new Conversation(process, output, nonce, helloOf(block));
    } catch (error) {
      process.close();
      throw error;
    }
  }

  /** What was printed on the device's standard error so far: the end of it. */
  get diagnostics(): string {
    return this.#output.diagnostics;
  }

  async facts(): Promise<Facts> {
    const block = await this.#ask(verbs.facts);
    this.#process.acknowledge();
    return this.#factsOf(block);
  }

  async headers(): Promise<HeadersReport> {
    const block = await this.#ask(verbs.headers);
    const loaded = block.get("loaded");
    return {
      uid: block.size("uid"),
      su: block.get("su") === "yes",
      debuggable: block.get("debuggable") === "1",
      archive: block.get("archive"),
      readable: block.get("readable") === "yes",
      loaded: loaded === "yes" || loaded === "no" ? loaded : "unknown",
      module: block.get("module"),
      denied: block.all("denied"),
    };
  }

  /**
   * Goes on as root by way of su. Nothing is sent to su's standard input before the root side has said its hello: some
   * su run it as commands.
   *
   * @returns undefined when root answers, else what su printed and its exit status; the conversation then goes on as
   * before.
   */
  async becomeRoot(style: SuStyle): Promise<{ status: number; output: string } | undefined> {
    this.#process.write(`${verbs.root(style)}\n`);
    this.#asksSu = true;
    const line = await this.#output.readLine();
    this.#asksSu = false;
    if (line === `root ${protocolVersion} ${this.#nonce}`) {
      await this.#output.readBlock();
      return undefined;
    }
    const status = /^su=(\d{1,3})$/.exec(line)?.[1];
    if (status === undefined) {
      throw new KheadersError("protocol-error", `su printed something unexpected: ${printable(line, 80)}`);
    }
    await this.#output.readBlock();
    const diagnosed = await this.#output.untilDiagnosed(`kheaders: status ${status}\n`);
    const output = diagnosed.split("kheaders: run su\n").at(-1) ?? "";
    return { status: Number(status), output: output.trim() };
  }

  /**
   * Asks for the archive; `bytes` and `trailer` follow. From here on nothing is written before the trailer has come: the
   * agent ends by itself, and what reaches an adb server that has closed the stream resets the connection (RFC 9293,
   * 3.10.7.4), with all that is still under way to a host that was busy.
   *
   * @throws AgentRefusal when the device has no archive to give to this user.
   * @throws KheadersError `device-busy` when the time is up before it is our turn.
   */
  async send({ keepLoaded, withFacts, onWait }: SendOptions): Promise<ArchiveHeader> {
    const block = await this.#askInTurn(verbs.send(keepLoaded, withFacts), onWait);
    const source = block.get("source");
    const size = block.size("size");
    const path = block.get("path");
    if (
      (source !== "built-in" && source !== "loaded" && source !== "module") ||
      size === undefined ||
      !path
    ) {
      throw new KheadersError("protocol-error", "the device did not say what it sends");
    }
    const facts = withFacts ? await this.#factsOf(block) : undefined;
    return { source, path, size, hasDigest: block.get("digest") !== undefined, facts };
  }

  /** The archive's bytes as they come: `count`, as its header said. */
  bytes(count: number): AsyncGenerator<Uint8Array> {
    return this.#output.bytes(count);
  }

  /** What follows the bytes, when the module is out again. @throws KheadersError `timed-out` over a silent link. */
  async trailer(): Promise<ArchiveTrailer> {
    const block = await this.#output.unlessStalled(this.#output.readBlock());
    const unloaded = block.get("unloaded");
    return {
      digest: asDigest(block.get("digest") ?? ""),
      unloaded: unloaded === "yes" || unloaded === "no" || unloaded === "in-use" ? unloaded : undefined,
      taint: block.get("taint"),
    };
  }

  /**
   * Takes the module out; `end` follows.
   *
   * @param onWait called when another conversation has this device's lock.
   * @returns "absent" where it was not loaded.
   * @throws KheadersError `device-busy` when the time is up before it is our turn.
   */
  async unload(onWait: () => void): Promise<"yes" | "no" | "in-use" | "absent"> {
    const block = await this.#askInTurn(verbs.unload, onWait);
    const unloaded = block.get("unloaded");
    return unloaded === "yes" || unloaded === "absent" || unloaded === "in-use" ? unloaded : "no";
  }

  /** Lists the kernel modules on the device. */
  async modules(): Promise<ModuleListing> {
    this.#process.write(`${verbs.modules}\n`);
    const block = await this.#output.readBlock({ longest: longestListing });
    const status = block.size("status");
    if (status === undefined)
      throw new KheadersError("protocol-error", "the device did not list its modules");
    return moduleListingOf(block, await this.#output.untilDiagnosed(`kheaders: status ${status}\n`));
  }

  /**
   * Gives the content of module files, one after the other.
   *
   * @throws AgentRefusal `unreadable` where this user may not read one.
   * @throws KheadersError `timed-out` when nothing comes for a while; `not-permitted` where one cannot be read to its end.
   */
  async *take(modules: readonly ListedModule[]): AsyncGenerator<{ module: ListedModule; content: Buffer }> {
    for (const batch of batches(modules)) {
      const paths = batch.map(({ path }) => `${path}\n`).join("");
      await this.#ask(`${verbs.take(batch.length)}\n${paths.slice(0, -1)}`);
      this.#process.acknowledge();
      for (const module of batch) {
        const parts: Uint8Array[] = [];
        for await (const part of this.#output.bytes(module.size)) parts.push(part);
        yield { module, content: Buffer.concat(parts) };
      }
      await this.#output.unlessStalled(this.#output.readBlock());
    }
  }

  /**
   * Ends the agent and waits until it has restored the device, for a few seconds at most; not at all where no answer is to
   * be expected.
   */
  async end(): Promise<void> {
    if (this.#asksSu || this.#output.hasStalled) this.close();
    else await this.#process.end(endingMilliseconds);
  }

  /** Hangs up: for a conversation in which nothing was loaded. */
  close(): void {
    this.#process.close();
  }

  async #ask(command: string): Promise<Block> {
    this.#process.write(`${command}\n`);
    const block = await this.#output.readBlock();
    await this.#refuseIf(block);
    return block;
  }

  /** Asks for what only one conversation a device may do at a time. */
  async #askInTurn(command: string, onWait: () => void): Promise<Block> {
    this.#process.write(`${command}\n`);
    let waits = false;
    try {
      const block = await this.#output.readBlock({
        onWaiting: (isWaiting) => {
          waits = isWaiting;
          if (waits) onWait();
        },
      });
      await this.#refuseIf(block);
      return block;
    } catch (error) {
      if (!waits || !(error instanceof KheadersError) || error.code !== "timed-out") throw error;
      throw new KheadersError("device-busy", `the device is busy with another kheaders: ${error.message}`, {
        hint: "Try again when it is done, or wait longer with --timeout.",
        cause: error,
      });
    }
  }

  async #refuseIf(block: Block): Promise<void> {
    const error = block.get("error");
    if (error === undefined) return;
    const reason = refusals.find((refusal) => refusal === error);
    if (reason === undefined) {
      throw new KheadersError("protocol-error", `the device answered "${printable(error, 80)}"`);
    }
    const facts = block.get("config") === undefined ? undefined : await this.#factsOf(block);
    throw new AgentRefusal(reason, block, await this.#output.untilDiagnosed("kheaders: refused\n"), facts);
  }

  /** Reads the facts that a block announced. */
  async #factsOf(block: Block): Promise<Facts> {
    const config = await this.#file(block.size("config"));
    const notes = await this.#file(block.size("notes"));
    return { config, notes };
  }

  async #file(size: number | undefined): Promise<Uint8Array | undefined> {
    if (size === undefined) return undefined;
    if (size > longestFact)
      throw new KheadersError("protocol-error", "the device's kernel facts are too long");
    const parts: Uint8Array[] = [];
    for await (const part of this.#output.bytes(size)) parts.push(part);
    return Buffer.concat(parts);
  }
}

/** Divides modules so that the paths of each part fit into one command. */
function* batches(modules: readonly ListedModule[]): Generator<ListedModule[]> {
  let batch: ListedModule[] = [];
  let length = 0;
  for (const module of modules) {
    const its = Buffer.byteLength(module.path) + 1;
    if (batch.length > 0 && length + its > longestPaths) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(module);
    length += its;
  }
  if (batch.length > 0) yield batch;
}

function helloOf(block: Block): Hello {
  const release = block.get("release");
  if (release === undefined) {
    throw new KheadersError("protocol-error", "the device did not tell its kernel's release");
  }
  return {
    fingerprint: block.get("fingerprint") ?? "",
    release,
    version: block.get("version") ?? "",
    machine: block.get("machine") ?? "",
    bootId: /^[0-9a-f-]{36}$/.exec(block.get("boot") ?? "")?.[0],
    uid: block.size("uid"),
  };
}
