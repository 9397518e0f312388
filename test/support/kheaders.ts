import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documentedObjects, undocumentedIn } from "./json-docs.js";
import { findProgram } from "./programs.js";
import { readRepositoryFile } from "./repository.js";

/** The command as `npm run build` makes it. */
export const builtCommand = fileURLToPath(new URL("../../dist/kheaders.js", import.meta.url));

/** Debian's and most others' `nobody`. */
const nobody = 65_534;

/** A terminal for the command. */
export interface TerminalOptions {
  /** Which streams are on it; the other one goes to a file. */
  readonly of: "stdout" | "stderr" | "both";
  /** Its width; 80 where not given. 0: it does not tell, as under programs that make a terminal and set no size. */
  readonly columns?: number;
}

/** How to run the command. */
export interface RunOptions {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** A folder that the command's user may write: the working folder, unless `cwd` names another. */
  readonly folder: string;
  readonly cwd?: string | undefined;
  /** Runs it on a pseudo-terminal (util-linux's `script`). */
  readonly terminal?: TerminalOptions | undefined;
  /** Runs this program, by its path, with the command as its last arguments. */
  readonly before?: readonly string[] | undefined;
}

/** How the command ended, and what it said. */
export interface Outcome {
  readonly status: number;
  /** On a terminal, with the line ends of a file. */
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds. */
  readonly ms: number;
}

/**
 * Who runs the command: where the tests run as root, an ordinary user, for permissions mean nothing to root. Root itself
 * where nobody else can run node or read the repository; {@link runsAsRoot} tells.
 */
export const commandUser: { readonly uid?: number; readonly gid?: number } = ordinaryUser();

/** Whether there is no ordinary user to run the command. */
export const runsAsRoot = process.getuid?.() === 0 && commandUser.uid === undefined;

function ordinaryUser(): { uid?: number; gid?: number } {
  if (!existsSync(builtCommand)) throw new Error(`there is no ${builtCommand}: npm run build`);
  if (process.getuid?.() !== 0) return {};
  const user = { uid: nobody, gid: nobody };
  const tried = spawnSync(process.execPath, [builtCommand, "--version"], { ...user, cwd: "/", env: {} });
  return tried.status === 0 ? user : {};
}

/** A test that is ended leaves no command behind. Its programs' paths are absolute, for tests that change PATH. */
const diesWithParent = [programPath("setpriv"), "--pdeathsig", "KILL"];

/** The path of a program that the tests need. @throws Error where it is not installed. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is needed: see test/lab/host-packages.txt`);
  return path;
}

const jsonDocs = documentedObjects(readRepositoryFile("docs/json.md"));

/** The built command as a process that runs. What it prints with --json must be as docs/json.md says. */
export class RunningKheaders {
  /** Settles when it has ended and all that it said was read. */
  readonly ended: Promise<Outcome>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #isRunning = true;

  constructor(args: readonly string[], options: RunOptions) {
    const started = performance.now();
    const terminal = options.terminal && new Terminal(options.terminal, options.folder);
    const command = [...(options.before ?? []), ...diesWithParent, process.execPath, builtCommand, ...args];
    const [program = "", ...rest] = terminal?.around(command) ?? command;
    this.#child = spawn(program, rest, {
      ...commandUser,
      cwd: options.cwd ?? options.folder,
      env: options.env,
      // A process group of its own, for `kill`.
      detached: true,
      // A terminal is typed on; otherwise there is nothing to read.
      stdio: [terminal ? "pipe" : "ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#tellWaiting();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#tellWaiting();
    });
    // What is typed at a program that has ended is lost, as on any terminal.
    this.#child.stdin?.on("error", () => undefined);
    this.ended = this.#end(started, terminal).then((outcome) => {
      const problems = options.terminal ? [] : undocumentedIn(jsonDocs, args, outcome.stdout);
      if (problems.length > 0) throw new Error(`kheaders ${args.join(" ")}: ${problems.join("; ")}`);
      return outcome;
    });
    // Whoever waits for it hears of a failure; otherwise it is none of the test's concern.
    this.ended.catch(() => undefined);
  }

  /** Waits until it has said something, on either stream. @throws Error when it ends before that. */
  says(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (pattern.test(this.said)) resolve();
        else if (!this.#isRunning)
          reject(new Error(`kheaders ended and never said ${pattern}: ${this.said}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** All that it has said so far, standard output first. */
  get said(): string {
    return this.#stdout + this.#stderr;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("the command has not begun");
    return pid;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Types on its terminal. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends it at once, with all that it started, where something of it still runs. */
  async kill(): Promise<void> {
    const { pid } = this.#child;
    if (!this.#isRunning || pid === undefined) return;
    process.kill(-pid, "SIGKILL");
    // How it ends is of no interest any more.
    await this.ended.catch(() => undefined);
  }

  async #end(started: number, terminal: Terminal | undefined): Promise<Outcome> {
    const [status, signal]: unknown[] = await once(this.#child, "close").finally(() => {
      this.#isRunning = false;
      this.#tellWaiting();
    });
    const said = { stdout: this.#stdout, stderr: this.#stderr };
    if (typeof status !== "number")
      throw new Error(`kheaders was ended by ${signal}; it said: ${said.stderr}`);
    return { status, ...(terminal?.read(said) ?? said), ms: performance.now() - started };
  }

  #tellWaiting(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** A pseudo-terminal around a command. */
class Terminal {
  readonly #options: TerminalOptions;
  readonly #file: string;

  constructor(options: TerminalOptions, folder: string) {
    this.#options = options;
    this.#file = join(folder, `off-terminal-${performance.now()}`);
  }

  around(command: readonly string[]): string[] {
    const { of, columns = 80 } = this.#options;
    const redirection = { stdout: `2>${quote(this.#file)}`, stderr: `>${quote(this.#file)}`, both: "" }[of];
    const line = `${programPath("stty")} columns ${columns} rows 24; exec ${command.map(quote).join(" ")} ${redirection}`;
    return [programPath("script"), "--quiet", "--return", "--command", line, "/dev/null"];
  }

  /** Which of what was said came from which stream; with both on the terminal, all of it is standard output. */
  read(said: { stdout: string; stderr: string }): { stdout: string; stderr: string } {
    const shown = said.stdout.replaceAll("\r\n", "\n");
    if (this.#options.of === "both") return { stdout: shown, stderr: "" };
    const kept = readFileSync(this.#file, "utf8");
    return this.#options.of === "stdout" ? { stdout: shown, stderr: kept } : { stdout: kept, stderr: shown };
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
