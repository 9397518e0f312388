import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { commandUser, programPath } from "./kheaders.js";

export interface TmuxOptions {
  readonly columns: number;
  readonly rows?: number;
  /** What runs in it: a program and its arguments. */
  readonly command: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** A folder that does not exist, for its own files. */
  readonly folder: string;
}

const patience = 60_000;

/** A real terminal (tmux) in which a program runs, to type at and to look at. */
export class TmuxTerminal {
  readonly #options: TmuxOptions;

  private constructor(options: TmuxOptions) {
    this.#options = options;
  }

  static open(options: TmuxOptions): TmuxTerminal {
    const { columns, rows = 120, command, cwd, folder } = options;
    mkdirSync(folder, { mode: 0o700 });
    const { uid, gid } = commandUser;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    const settings = ["default-shell /bin/sh", "status off", "remain-on-exit on", "escape-time 0"];
    writeFileSync(join(folder, "tmux.conf"), settings.map((setting) => `set -g ${setting}\n`).join(""));
    const terminal = new TmuxTerminal(options);
    terminal.#tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", cwd, ...command);
    return terminal;
  }

  /** Types text, as it is. */
  type(text: string): void {
    this.#tmux("send-keys", "-t", ":0", "-l", "--", text);
  }

  /** Presses keys, as tmux names them: `Enter`, `Tab`, `C-c`. */
  press(...keys: readonly string[]): void {
    this.#tmux("send-keys", "-t", ":0", ...keys);
  }

  /** All lines on the screen, without the empty ones at the end; lines that the terminal broke are one. */
  get lines(): string[] {
    const shown = this.#tmux("capture-pane", "-p", "-J", "-t", ":0");
    return shown
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd());
  }

  /** Waits until the screen shows something. @returns all lines then. @throws Error with the screen if it never does. */
  async shows(pattern: RegExp): Promise<string[]> {
    for (const end = Date.now() + patience; ; await sleep(50)) {
      const { lines } = this;
      if (pattern.test(lines.join("\n"))) return lines;
      if (Date.now() > end) throw new Error(`the terminal never showed ${pattern}:\n${lines.join("\n")}`);
    }
  }

  /** Leaves only the line of the prompt on the screen: what stood there would be taken for what the next command shows. */
  async clear(): Promise<void> {
    this.press("C-l");
    await this.shows(/^[^\n]*$/);
  }

  close(): void {
    this.#tmux("kill-server");
  }

  #tmux(...args: readonly string[]): string {
    const { env, folder } = this.#options;
    const all = ["-f", join(folder, "tmux.conf"), "-S", join(folder, "socket"), ...args];
    const { status, stdout, stderr } = spawnSync(programPath("tmux"), all, {
      ...commandUser,
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
}
