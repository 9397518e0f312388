import { KheadersError } from "../../shared/errors.js";
import type { Source } from "../../shared/identity.js";
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
/** Characters in one text of the hello: the kernel's own have 64 at most, a build fingerprint has about 100. */
const maxHelloText = 2048;
/** Neither a kernel's configuration nor its notes come near this. */
const maxFact = 1024 * 1024;
/** Characters in the list of a device's modules: thousands of long paths. */
const maxListing = 8 * 1024 * 1024;
/** Bytes of paths in one command: the device's cat gets them as its arguments, and a shell reads them byte by byte. */
const maxPaths = 16 * 1024;

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
  /** Of a module that the agent loaded: whether it is out again. Undefined where there was nothing to unload. */
  readonly unloaded: "yes" | "no" | "in-use" | undefined;
  /** `/sys/module/kheaders/taint`: holds E for an unsigned module on a kernel that signs its own. */
  readonly taint: string | undefined;
}

/** What the agent's refusals mean, where nobody can explain them better. */
const refusalTexts: Readonly<Record<Refusal, string>> = {
  gone: "the kheaders module was unloaded meanwhile",
  unreadable: "this user may not read the file",
  "needs-root": "only root may load the kheaders module",
  "modules-unreadable": "/proc/modules cannot be read",
  "no-archive": "the kheaders module is loaded but shows no archive",
  "module-not-found": "there is no kheaders.ko",
  "load-failed": "kheaders.ko could not be loaded",
  "unknown-command": "unknown command",
};

/** The agent's refusal, with all that is needed to explain it. Where it was not expected, it breaks the protocol. */
export class AgentRefusal extends KheadersError {
  readonly reason: Refusal;
  /** kheaders.ko or the archive, where the agent names one. */
  readonly path: string | undefined;
  /** Module folders that this user may not list. */
  readonly denied: readonly string[];
  readonly diagnostics: string;
  /** Undefined where they were not asked for. */
  readonly facts: Facts | undefined;

  constructor(reason: Refusal, block: Block, diagnostics: string, facts: Facts | undefined) {
    super("protocol-error", `the device refused: ${refusalTexts[reason]}`);
    this.reason = reason;
    this.path = block.get("path");
    this.denied = block.all("denied");
    this.diagnostics = diagnostics;
    this.facts = facts;
  }
}

/** Parameters of a conversation that tests shorten. */
export interface ConversationOptions {
  /** Seconds after which a transfer that does not move is given up; rounded up to whole seconds. */
  readonly stallSeconds: number;
  /** Called once the agent was asked to start: what is done here costs no time, for its hello takes longer. */
  readonly whileStarting?: () => void;
}

/**
 * One conversation with the agent on one device: its methods are the agent's commands. `send`, with the archive's bytes
 * and trailer, is the last. Every method may throw KheadersError `device-lost` or `protocol-error`, AgentRefusal, and the
 * signal's reason when it aborts.
 */
export class Conversation {
  readonly hello: Hello;
  readonly #process: ShellProcess;
  readonly #output: AgentReader;
  readonly #nonce: string;
  /** A su prompt is pending; until it is answered, only a hang-up reaches the agent. */
  #asksSu = false;
  /** A module may be loaded that the agent unloads at its end. */
  #mayRestore = false;

  private constructor(process: ShellProcess, output: AgentReader, nonce: string, hello: Hello) {
    this.#process = process;
    this.#output = output;
    this.#nonce = nonce;
    this.hello = hello;
  }

  /** Starts the agent over a connection tied to a device, and reads its hello. */
  static async start(
    connection: AdbConnection,
    options: ConversationOptions,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const nonce = newNonce();
    // The agent counts whole seconds: mksh refuses any other number.
    const stallSeconds = Math.max(1, Math.ceil(options.stallSeconds));
    const process = await ShellProcess.start(connection, agentCommand({ nonce, stallSeconds }));
    try {
      options.whileStarting?.();
      const output = new AgentReader(process, signal, stallSeconds);
      const block = await output.readHello(nonce, protocolVersion);
      return new Conversation(process, output, nonce, helloOf(block));
    } catch (error) {
      process.close();
      throw error;
    }
  }

  /** The end of what was printed on the device's standard error so far. */
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
   * su run it as commands. What su prints before that is skipped.
   *
   * @returns undefined when root answers, else what su printed and its exit status; the conversation then goes on as
   * before.
   */
  async becomeRoot(style: SuStyle): Promise<{ status: number; output: string } | undefined> {
    this.#process.write(`${verbs.root(style)}\n`);
    this.#asksSu = true;
    const hello = `root ${protocolVersion} ${this.#nonce}`;
    const { match, banner } = await this.#output.readPast(new RegExp(`${hello}$|su=(\\d{1,3})$`));
    this.#asksSu = false;
    const block = await this.#output.readBlock();
    const status = match[1];
    if (status === undefined) {
      const uid = block.size("uid");
      return uid === 0 ? undefined : { status: 0, output: `it gave user id ${uid ?? "unknown"}` };
    }
    const diagnosed = await this.#output.untilDiagnosed(`kheaders: status ${status}\n`);
    const complaint = diagnosed.split("kheaders: run su\n").at(-1) ?? "";
    return { status: Number(status), output: `${banner.trim()}\n${complaint.trim()}`.trim() };
  }

  /**
   * Asks for the archive; `bytes` and `trailer` follow. From here on nothing is written before the trailer has come: the
   * agent ends by itself, and what reaches an adb server that has closed the stream resets the connection (RFC 9293,
   * 3.10.7.4), with all that is still under way to a host that was busy. Throws `device-busy` when time runs out while
   * another conversation has the device's lock.
   */
  async send({ keepLoaded, withFacts, onWait }: SendOptions): Promise<ArchiveHeader> {
    this.#mayRestore = true;
    const block = await this.#askInTurn(verbs.send(keepLoaded, withFacts), onWait);
    const source = block.get("source");
    const size = block.size("size");
    const path = block.get("path");
    if (
      (source !== "built-in" && source !== "loaded" && source !== "module") ||
      size === undefined ||
      !path
    ) {
      throw new KheadersError(
        "protocol-error",
        "the device sends an archive without its source, path or size",
      );
    }
    const facts = withFacts ? await this.#factsOf(block) : undefined;
    return { source, path, size, facts };
  }

  /** The archive's bytes as they come: `count`, as its header said. */
  bytes(count: number): AsyncGenerator<Uint8Array> {
    return this.#output.bytes(count);
  }

  /** What follows the bytes, when the module is out again. Throws `timed-out` over a link that went silent. */
  async trailer(): Promise<ArchiveTrailer> {
    const block = await this.#output.unlessStalled(this.#output.readBlock());
    const unloaded = block.get("unloaded");
    return {
      unloaded: unloaded === "yes" || unloaded === "no" || unloaded === "in-use" ? unloaded : undefined,
      taint: block.get("taint"),
    };
  }

  /**
   * Takes the module out; `end` follows. Throws `device-busy` as {@link send} does.
   *
   * @param onWait called when another conversation has this device's lock.
   * @returns "absent" where it was not loaded.
   */
  async unload(onWait: () => void): Promise<"yes" | "no" | "in-use" | "absent"> {
    this.#mayRestore = true;
    const block = await this.#askInTurn(verbs.unload, onWait);
    const unloaded = block.get("unloaded");
    return unloaded === "yes" || unloaded === "absent" || unloaded === "in-use" ? unloaded : "no";
  }

  /** Lists the kernel modules on the device. */
  async modules(): Promise<ModuleListing> {
    this.#process.write(`${verbs.modules}\n`);
    const block = await this.#output.readBlock({ max: maxListing });
    const status = block.size("status");
    if (status === undefined)
      throw new KheadersError("protocol-error", "the device's list of modules has no status");
    return moduleListingOf(block, await this.#output.untilDiagnosed(`kheaders: status ${status}\n`));
  }

  /**
   * Gives the content of module files, one after the other. Throws AgentRefusal `unreadable` for one that this user may not
   * read, `not-permitted` for one that cannot be read to the end, and `timed-out` when nothing comes for a while.
   */
  async *take(modules: readonly ListedModule[]): AsyncGenerator<{ module: ListedModule; content: Buffer }> {
    for (const batch of batches(modules)) {
      const paths = batch.map(({ path }) => `${path}\n`).join("");
      await this.#ask(`${verbs.take(batch.length)}\n${paths.slice(0, -1)}`);
      this.#process.acknowledge();
      for (const module of batch) {
        // A module may be large: its memory is taken once.
        const content = Buffer.allocUnsafe(module.size);
        let length = 0;
        for await (const part of this.#output.bytes(module.size)) {
          content.set(part, length);
          length += part.length;
        }
        yield { module, content };
      }
      await this.#output.unlessStalled(this.#output.readBlock());
    }
  }

  /** Gives the content of one module file as it comes: `module.size` bytes. Throws as {@link take} does. */
  async *file(module: ListedModule): AsyncGenerator<Uint8Array> {
    await this.#ask(`${verbs.take(1)}\n${module.path}`);
    this.#process.acknowledge();
    yield* this.#output.bytes(module.size);
    await this.#output.unlessStalled(this.#output.readBlock());
  }

  /**
   * Reads a file of the device and gives its bytes to `write` as they come. Throws AgentRefusal `unreadable` for one that this
   * user may not read or that does not exist, `protocol-error` for one that is larger than `max` bytes or has no size,
   * `not-permitted` for one that cannot be read to the end, and `timed-out` when nothing comes for a while.
   *
   * @param path one line.
   * @param write also gets how many bytes the file has.
   */
  async readFile(path: string, max: number, write: (part: Uint8Array, total: number) => void): Promise<void> {
    const block = await this.#ask(`${verbs.take(1, true)}\n${path}`);
    const size = block.size("size");
    if (size === undefined || size > max) {
      throw new KheadersError(
        "protocol-error",
        `the device says that ${printable(path)} has ${size ?? "unknown"} bytes (at most ${max} are accepted)`,
      );
    }
    this.#process.acknowledge();
    for await (const part of this.#output.bytes(size)) write(part, size);
    await this.#output.unlessStalled(this.#output.readBlock());
  }

  /**
   * Ends the agent. If it may have to restore the device, waits until it has, for a few seconds at most; does not wait if no
   * answer can be expected.
   */
  async end(): Promise<void> {
    if (!this.#mayRestore || this.#asksSu || this.#output.hasStalled) this.close();
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

  /** Asks for what only one conversation on a device may do at a time. */
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
      throw new KheadersError("device-busy", `another kheaders is using the device: ${error.message}`, {
        hint: "Try again later, or wait longer with --timeout.",
        cause: error,
      });
    }
  }

  async #refuseIf(block: Block): Promise<void> {
    const error = block.get("error");
    if (error === undefined) return;
    const reason = refusals.find((refusal) => refusal === error);
    if (reason === undefined) {
      throw new KheadersError(
        "protocol-error",
        `the device refused for an unknown reason: "${printable(error, 80)}"`,
      );
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
    if (size > maxFact) {
      throw new KheadersError(
        "protocol-error",
        `the device sends ${size} bytes of kernel facts (at most ${maxFact} are accepted)`,
      );
    }
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
    if (batch.length > 0 && length + its > maxPaths) {
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
  const release = textOf(block, "release");
  if (release === "")
    throw new KheadersError("protocol-error", "the device did not send its kernel's release");
  return {
    fingerprint: textOf(block, "fingerprint"),
    release,
    version: textOf(block, "version"),
    machine: textOf(block, "machine"),
    bootId: /^[0-9a-f-]{36}$/.exec(block.get("boot") ?? "")?.[0],
    uid: block.size("uid"),
  };
}

/** A fact that the cache will keep and print; empty where the device does not send it. */
function textOf(block: Block, key: keyof Hello): string {
  const text = block.get(key) ?? "";
  if (text.length <= maxHelloText && !/\p{Cc}/u.test(text)) return text;
  throw new KheadersError("protocol-error", `the device sent an invalid ${key}: "${printable(text, 80)}"`, {
    hint: "Check: adb shell getprop ro.build.fingerprint; adb shell uname -a",
  });
}

/** Tells the hello from a banner. It is no secret, so the agent need not wait until Node's crypto is loaded. */
function newNonce(): string {
  return Math.random().toString(16).slice(2).padEnd(16, "0");
}
