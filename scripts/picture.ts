/*
 * Makes docs/picture.svg, the terminal in the README: types commands into a real terminal (tmux), with a virtual device
 * attached, and draws what is on the screen at the end. Needs `npm run build` and tmux.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bootDevice, startAdbServer } from "../test/lab/index.js";
import { drawTerminal } from "./terminal-svg.js";

const commands = [
  "kheaders devices",
  "kheaders pull -v",
  "kheaders pull -v",
  "kheaders bpf prog.c -o prog.o",
];
const columns = 132;
const rows = 40;
const prompt = "$ ";

const root = join(import.meta.dirname, "..");
const home = mkdtempSync(join(tmpdir(), "kheaders-picture-"));
const tmux = (...args: string[]) =>
  execFileSync("tmux", ["-L", home.slice(-6), "-f", "/dev/null", ...args], { encoding: "utf8" });
const screen = () => tmux("capture-pane", "-p").trimEnd();

const server = await startAdbServer();
const device = await bootDevice({ flavour: "built-in" });
try {
  await server.connect(device.serial);
  const program = join(home, "kheaders");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/kheaders.js")}" "$@"\n`);
  chmodSync(program, 0o755);
  copyFileSync(join(root, "test/e2e/programs/kprobe_open.c"), join(home, "prog.c"));
  copyFileSync(join(root, "test/e2e/programs/bpf.h"), join(home, "bpf.h"));

  const variables = {
    HOME: home,
    PATH: `${home}${delimiter}${process.env.PATH}`,
    PS1: prompt,
    ANDROID_ADB_SERVER_PORT: String(server.port),
  };
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const shell = ["env", "-u", "KHEADERS_CACHE_DIR", "-u", "XDG_CACHE_HOME", ...environment, "sh"];
  tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", home, ...shell);
  for (const [index, command] of commands.entries()) {
    await promptShown(index + 1);
    tmux("send-keys", "-l", command);
    tmux("send-keys", "Enter");
  }
  await promptShown(commands.length + 1);

  // Where this machine keeps its temporary files is of no interest.
  const lines = screen().replaceAll(home, "/home/you").split("\n").slice(0, -1);
  writeFileSync(join(root, "docs/picture.svg"), drawTerminal(lines, prompt));
} finally {
  try {
    tmux("kill-server");
  } finally {
    await device.stop();
    await server.stop();
    execFileSync("chmod", ["-R", "u+rwX", home]);
    rmSync(home, { recursive: true });
  }
}

/** Waits until the shell asks for its `count`th command. */
async function promptShown(count: number): Promise<void> {
  const asks = () => {
    const prompts = screen()
      .split("\n")
      .filter((line) => `${line} `.startsWith(prompt));
    return prompts.length === count && prompts.at(-1) === prompt.trimEnd();
  };
  while (!asks()) await sleep(50);
}
