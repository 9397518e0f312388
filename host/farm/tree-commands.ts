import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { asKheadersError, KheadersError } from "../../shared/errors.js";
import type { Cache } from "../cache/index.js";
import { endingMilliseconds, signalGroup } from "../process/child.js";
import { startCommand } from "../process/command.js";
import type { PullResult } from "../pull/result.js";
import { treeEnvironment } from "../pull/tree/environment.js";
import { holdTree } from "../pull/tree/hold.js";

/** What to run, without a shell. */
export interface TreeCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** How a command ended: with an exit status, or with an error if it could not be started. */
export type CommandEnd =
  | { readonly status: number; readonly error?: undefined }
  | { readonly error: KheadersError; readonly status?: undefined };

/**
 * Runs a command for trees, with facts about the tree in its environment. The commands of one device run one after the
 * other, those of several devices at once. What they print goes to standard error.
 */
export class TreeCommands {
  readonly #command: TreeCommand;
  readonly #cache: Cache;
  readonly #onEnd: (serial: string, end: CommandEnd) => void;
  readonly #lastOf = new Map<string, Promise<void>>();
  readonly #running = new Set<ChildProcess>();
  #isClosed = false;

  constructor(command: TreeCommand, cache: Cache, onEnd: (serial: string, end: CommandEnd) => void) {
    this.#command = command;
    this.#cache = cache;
    this.#onEnd = onEnd;
  }

  /** Runs the command for a tree, after the commands that already run for the same device. Returns at once. */
  start(serial: string, result: PullResult): void {
    const before = this.#lastOf.get(serial) ?? Promise.resolve();
    const run = before.then(() => this.#run(serial, result));
    this.#lastOf.set(serial, run);
    void run.then(() => {
      if (this.#lastOf.get(serial) === run) this.#lastOf.delete(serial);
    });
  }

  /** Starts no more commands, tells those that run to end, and waits until they have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#signal("SIGTERM");
    const killTimer = setTimeout(() => this.#signal("SIGKILL"), endingMilliseconds);
    await Promise.all(this.#lastOf.values());
    clearTimeout(killTimer);
  }

  #signal(name: NodeJS.Signals): void {
    for (const { pid } of this.#running) signalGroup(pid, name);
  }

  /** Never throws: errors go to `onEnd`. */
  async #run(serial: string, result: PullResult): Promise<void> {
    if (this.#isClosed) return;
    try {
      const status = await holdTree(
        this.#cache,
        () => this.#reopen(result),
        () => this.#spawn(result),
      );
      this.#onEnd(serial, { status });
    } catch (error) {
      this.#onEnd(serial, { error: asKheadersError(error) });
    }
  }

  /** The command may have waited for others of its device: until it runs, the tree can be removed. */
  async #reopen(result: PullResult): Promise<PullResult> {
    const isThere = result.entry ? await this.#cache.open(result.entry) : existsSync(result.tree);
    if (isThere) return result;
    throw new KheadersError("not-cached", "the tree was removed from the cache before its command started");
  }

  async #spawn(result: PullResult): Promise<number> {
    const { program, args } = this.#command;
    const { child, status } = startCommand(program, args, {
      stdio: ["ignore", process.stderr, process.stderr],
      // A process group of its own: what the command starts ends with it.
      detached: true,
      environment: treeEnvironment(result),
    });
    this.#running.add(child);
    try {
      return await status;
    } finally {
      this.#running.delete(child);
    }
  }
}
