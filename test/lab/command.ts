import { spawn } from "node:child_process";

/** What a command printed. */
export interface Output {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly status: number;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Uint8Array;
}

/**
 * Runs a command to its end.
 *
 * @throws Error when the command cannot be started, with the file that lists the packages to install.
 */
export function runAny(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: "pipe" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (cause) => {
      const hint = "the packages that the lab needs are listed in test/lab/*host-packages.txt";
      reject(new Error(`cannot run ${command}: ${cause.message}; ${hint}`, { cause }));
    });
    child.on("close", (status, signal) => {
      const text = Buffer.concat(stderr).toString();
      resolve({
        stdout: Buffer.concat(stdout),
        stderr: signal ? `${text}\nended by ${signal}` : text,
        status: status ?? 128,
      });
    });
    // A command may end without having read its input: its status tells why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input);
  });
}

/**
 * Runs a command that must succeed, and gives what it printed on stdout.
 *
 * @throws Error with the end of what it printed when its status is not 0.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { stdout, stderr, status } = await runAny(command, args, options);
  if (status !== 0) {
    const said = `${stdout.toString()}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${[command, ...args].join(" ")} ended with status ${status}:\n${said}`);
  }
  return stdout.toString();
}

/** Tells the person in front of the terminal what takes so long. */
export function progress(text: string): void {
  process.stderr.write(`lab: ${text}\n`);
}
