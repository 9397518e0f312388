import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { agentCommand } from "../../host/agent/script.js";
import { errnoOf } from "../../shared/errors.js";
import type { DeviceShell } from "./device-shells.js";
import { findProgram } from "./programs.js";
import { RunningAgent } from "./running-agent.js";

/** Tools of a device that the agent may use, apart from those that the sandbox plays itself. */
const tools = ["cat", "find", "flock", "grep", "ls", "sleep", "stat", "tail", "uname", "wc"];
/** Where a device has what the agent looks at. The shell's own `/proc/PID` stays the real one. */
const devicePaths =
  /(?<![\w/])\/(?:sys|proc|system|system_dlkm|vendor|vendor_dlkm|odm|odm_dlkm|lib)\/(?!\$1|\[0-9\])/g;
const otherModule = "virtio_net 77824 0 - Live 0x0000000000000000\n";
const withModule = `kheaders 4096 0 - Live 0x0000000000000000\n${otherModule}`;
const nobody = 65_534;
/** What the agent runs in the background must be one process, as an external program is. */
const inBackground = ["insmod", "modprobe", "su"];

export const archivePath = "/sys/kernel/kheaders.tar.xz";
export const nonce = "c0ffee";

/**
 * A device without a device: a folder with what the agent looks at, a folder with the programs that it calls, and the
 * agent's own command with its paths turned there. Nothing needs root, and the kernel is never touched.
 */
export class AgentSandbox {
  readonly #shell: DeviceShell;
  readonly #root = mkdtempSync(join(tmpdir(), "kheaders-agent-"));
  readonly #folders = new Set<string>();
  /** What was in /proc before: none of these processes is the sandbox's, and to read the environment of each takes long. */
  readonly #others = new Set(readdirSync("/proc"));
  /** Programs that stand before the toolbox's own tools in a shell that does not look into PATH for them. */
  readonly #shadowing = new Set(["dmesg", "rmmod", ...inBackground]);

  constructor(shell: DeviceShell) {
    this.#shell = shell;
    chmodSync(this.#root, 0o777);
    this.folder("/bin");
    this.folder("/sys/kernel");
    this.#link("sh", this.#shell.argv[0]);
    for (const tool of tools) {
      const path = this.#shell.toolbox?.tools.has(tool) ? this.#shell.toolbox.path : findProgram(tool);
      if (path !== undefined) this.#link(tool, path);
    }
    this.setUser(0);
    this.write("/proc/version", "Linux version 6.1.57-android14\n");
    this.write("/proc/modules", otherModule);
    this.write("/proc/sys/kernel/osrelease", "6.1.57-android14-11\n");
    this.write("/proc/sys/kernel/version", "#1 SMP PREEMPT Wed Oct 11 09:06:16 UTC 2023\n");
    this.write("/proc/sys/kernel/arch", "aarch64\n");
    this.write("/proc/sys/kernel/random/boot_id", "b7f6a0f4-9f9e-4b53-8a1f-4a9f3ec1a0ce\n");
    this.write("/module/archive", "the archive in the module\n");
    this.write("/calls", "");
    this.program("getprop", `echo "value of $1"`);
    this.program("dmesg", "exit 1");
    this.program("modprobe", refusing("modprobe: kheaders: not found", 1));
    this.program("insmod", loading);
    this.program("rmmod", unloading);
  }

  /** Where the sandbox keeps a file of the device. */
  path(devicePath: string): string {
    return join(this.#root, devicePath);
  }

  folder(devicePath: string): void {
    if (devicePath === "/" || this.#folders.has(devicePath)) return;
    this.folder(dirname(devicePath));
    mkdirSync(this.path(devicePath));
    this.mode(devicePath, 0o777); // Whoever runs the agent, whatever the umask.
    this.#folders.add(devicePath);
  }

  write(devicePath: string, content: string | Uint8Array): void {
    this.folder(dirname(devicePath));
    writeFileSync(this.path(devicePath), content);
    this.mode(devicePath, 0o666);
  }

  /** A symbolic link to another path of the device. */
  link(devicePath: string, target: string): void {
    symlinkSync(this.path(target), this.path(devicePath));
  }

  mode(devicePath: string, mode: number): void {
    chmodSync(this.path(devicePath), mode);
  }

  remove(devicePath: string): void {
    rmSync(this.path(devicePath));
  }

  /** The user that the agent takes itself for. */
  setUser(uid: number): void {
    this.write(
      "/proc/self/status",
      `Name:\tsh\nUmask:\t0000\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t0\n`,
    );
  }

  /** Gives the device a program, a POSIX script; `$root` in it is the sandbox, and each call of it is logged. */
  program(name: string, script: string): void {
    // In the place of a link to the workstation's own tool, which must not be written.
    this.withoutProgram(name);
    if (tools.includes(name)) this.#shadowing.add(name);
    this.write(
      `/bin/${name}`,
      `#!/bin/sh\nroot=${this.#root}\necho "${name} $*" >>"$root/calls"\n${script}\n`,
    );
    this.mode(`/bin/${name}`, 0o777);
  }

  /** Takes a tool or program from the device; a shell that prefers its toolbox still has that one's tools. */
  withoutProgram(name: string): void {
    rmSync(this.path(`/bin/${name}`), { force: true });
  }

  hasProgram(name: string): boolean {
    return readdirSync(this.path("/bin")).includes(name);
  }

  /** Lets the device have loaded the module before the agent comes. */
  load(): void {
    this.write(archivePath, readFileSync(this.path("/module/archive")));
    this.write("/proc/modules", withModule);
  }

  /** Whether the device shows the module as loaded. */
  get isLoaded(): boolean {
    return /^kheaders /m.test(readFileSync(this.path("/proc/modules"), "utf8"));
  }

  /** The modules that were loaded and unloaded, as the programs were called: "insmod /vendor/…". */
  get calls(): string[] {
    return this.#allCalls.filter((call) => /^(modprobe|insmod|rmmod) /.test(call));
  }

  /**
   * Makes the agent's pauses between two looks for other readers last until `goOn` is called, however fast the machine is.
   * `begun` resolves in the first pause.
   */
  holdPauses(): { readonly begun: () => Promise<void>; readonly goOn: () => void } {
    const pause = "sleep 0.5";
    this.write("/held", "");
    this.program(
      "sleep",
      '[ "$1" = 0.5 ] || exec /bin/sleep "$1"\nwhile [ -e $root/held ]; do /bin/sleep 0.05; done',
    );
    const begun = async () => {
      while (!this.#allCalls.includes(pause)) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    return { begun, goOn: () => this.remove("/held") };
  }

  get #allCalls(): string[] {
    return this.onDevice(readFileSync(this.path("/calls"), "utf8"))
      .trim()
      .split("\n");
  }

  /** Text of the agent with the paths that a device would have. */
  onDevice(text: string): string {
    return text.replaceAll(this.#root, "");
  }

  /** The command that the host would send, with the device's paths turned into the sandbox. */
  command(stallSeconds = 600): string {
    const turned = agentCommand({ nonce, stallSeconds }).replace(
      devicePaths,
      (path) => `${this.#root}${path}`,
    );
    return turned.replace("KH_AGENT='", `KH_AGENT='${this.#shadowed()}`);
  }

  /** Starts the agent as an ordinary user, with `argv` before the shell's own where something is to watch it. */
  start(options: { stallSeconds?: number; before?: readonly string[] } = {}): RunningAgent {
    const [program = "", ...rest] = [
      ...(options.before ?? []),
      ...this.#shell.argv,
      "-c",
      this.command(options.stallSeconds),
    ];
    return new RunningAgent(spawn(program, rest, { ...this.#ordinary(), stdio: "pipe" }));
  }

  /** Somebody on the device who holds the archive open until `kill`. Resolves once it is open. */
  async reader(): Promise<ChildProcess> {
    const script = 'exec 5<"$0"; echo open; exec sleep 600 >&-';
    const reader = spawn("/bin/sh", ["-c", script, this.path(archivePath)], {
      ...this.#ordinary(),
      stdio: ["ignore", "pipe", "ignore"],
    });
    await new Promise((resolve, reject) => {
      reader.stdout.once("data", resolve);
      reader.once("error", reject);
      reader.once("exit", () => reject(new Error("the archive could not be opened")));
    });
    return reader;
  }

  /** Command lines of the processes that the sandbox started and that are still there. */
  get processes(): string[] {
    return this.#pids().map((pid) =>
      this.onDevice(readText(`/proc/${pid}/cmdline`).replaceAll("\0", " "))
        .trim()
        .slice(0, 200),
    );
  }

  /** Ends what still runs and removes the sandbox. */
  dispose(): void {
    for (const pid of this.#pids()) killIfThere(Number(pid));
    for (const folder of this.#folders) this.mode(folder, 0o700);
    rmSync(this.#root, { recursive: true, force: true });
  }

  #link(name: string, target: string): void {
    symlinkSync(target, this.path(`/bin/${name}`));
  }

  #ordinary() {
    const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    return { ...user, cwd: this.#root, env: { PATH: this.path("/bin"), KH_SANDBOX: this.#root } };
  }

  /** Functions that stand before the toolbox's own tools. */
  #shadowed(): string {
    if (!this.#shell.prefersToolbox) return "";
    return [...this.#shadowing]
      .map((name) => {
        const how = inBackground.includes(name) ? "exec " : "";
        return `${name}() { ${how}${this.path(`/bin/${name}`)} "$@"; }\n`;
      })
      .join("");
  }

  #pids(): string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && !this.#others.has(name))
      .filter((pid) => readText(`/proc/${pid}/environ`).split("\0").includes(`KH_SANDBOX=${this.#root}`));
  }
}

/** A module that loads: the archive appears, the module is listed. */
export const loading = `
read -r first <$root/proc/modules
case $first in
  kheaders*) echo "\${0##*/}: failed to load kheaders: File exists" >&2; exit 1 ;;
esac
/bin/cp $root/module/archive $root${archivePath}
printf '%s' '${withModule}' >$root/proc/modules`;

const unloading = `
/bin/rm -f $root${archivePath}
printf '%s' '${otherModule}' >$root/proc/modules`;

/** A program that says \`message\` and fails. */
export function refusing(message: string, status: number): string {
  return `echo '${message}' >&2\nexit ${status}`;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error; // It ended by itself.
  }
}

/** Empty for a process that has ended or belongs to somebody else. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
