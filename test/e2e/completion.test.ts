import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, listens, type SimulatedDevice } from "../lab/index.js";
import { FakeAdbServer } from "../support/fake-adb-server.js";
import { type FarmKernel, farmKernel } from "../support/farm.js";
import { builtCommand, programPath } from "../support/kheaders.js";
import { TmuxTerminal } from "../support/tmux.js";
import { Workstation } from "../support/workstation.js";

/** A serial with what shells treat as special. */
const odd = `Bob's "phone" $1 \\x;y:5`;
const listing = `${odd}  device product:a model:Odd transport_id:7
net:1  device transport_id:8
net:2  offline transport_id:9
`;

/** How each shell is started, and what installs the completion, as the docs say. */
const shells = {
  bash: { command: ["bash", "--norc", "--noprofile", "-i"], install: "source <(kheaders completion bash)" },
  zsh: {
    command: ["zsh", "-f", "-i"],
    install: "autoload -U compinit && compinit -u && source <(kheaders completion zsh)",
  },
  fish: {
    command: ["fish", "-i"],
    install: "kheaders completion fish > ~/.config/fish/completions/kheaders.fish",
  },
} as const;
type Shell = keyof typeof shells;

/** The beginning of {@link odd} as each shell quotes it, bare and after a quote was opened. */
const quotedOdd: Readonly<Record<Shell, { readonly bare: string; readonly inQuotes: string }>> = {
  bash: { bare: String.raw`Bob\'s\ \"phone\"`, inQuotes: String.raw`"Bob's \"phone\" \$1` },
  zsh: { bare: String.raw`Bob\'s\ \"phone\"`, inQuotes: String.raw`"Bob's \"phone\" \$1` },
  fish: { bare: String.raw`Bob\'s\ \"phone\"`, inQuotes: String.raw`"Bob's \"phone\" \$1` },
};

let host: Workstation;
let device: SimulatedDevice;
let kernel: FarmKernel;
let fake: FakeAdbServer;
let bin: string;
let work: string;

beforeAll(async () => {
  host = await Workstation.open();
  kernel = farmKernel("6.1.57-android14-11");
  device = await host.simulate(kernel.options);
  expect(await host.kheaders(["pull"])).toMatchObject({ status: 0 });
  fake = await FakeAdbServer.start((request, client) =>
    request === "host:devices-l" ? client.okay(listing) : client.fail("unknown"),
  );
  work = host.folder("work");
  mkdirSync(join(work, "hdrs"));
  writeFileSync(join(work, "prog one.c"), "");
  bin = host.folder("bin");
  // It completes, and otherwise shows the words that it gets.
  const script = `#!/bin/sh
case $1 in __complete|completion) exec '${process.execPath}' '${builtCommand}' "$@" ;; esac
all=; for word; do all="$all<$word>"; done
printf 'words:%s\\n' "$all"
`;
  writeFileSync(join(bin, "kheaders"), script);
  chmodSync(join(bin, "kheaders"), 0o755);
});
afterAll(async () => {
  await fake.stop();
  await host.close();
});

describe.each(Object.keys(shells) as Shell[])("in %s", (shell) => {
  let terminal: TmuxTerminal;

  beforeAll(async () => {
    const { command, install } = shells[shell];
    const home = host.folder(`home-${shell}`);
    mkdirSync(join(home, ".config/fish/completions"), { recursive: true, mode: 0o777 });
    for (const folder of [".config", ".config/fish", ".config/fish/completions"])
      chmodSync(join(home, folder), 0o777);
    terminal = TmuxTerminal.open({
      columns: 150,
      command: [programPath(command[0]), ...command.slice(1)],
      env: {
        HOME: home,
        PATH: `${bin}:${process.env.PATH}`,
        LANG: "C.UTF-8",
        TERM: "xterm",
        PS1: "> ",
        fish_greeting: "",
        ANDROID_ADB_SERVER_PORT: String((fake.endpoint as { port: number }).port),
        KHEADERS_CACHE_DIR: host.cache,
      },
      cwd: work,
      folder: join(home, "tmux"),
    });
    terminal.type(`${install}; printf 'installed %s\\n' now`);
    terminal.press("Enter");
    await terminal.shows(/^installed now$/m);
  });
  afterAll(() => terminal.close());

  /**
   * Types a line: what is before each comma, and Tab; then waits until the line is as far as what follows. @returns the words
   * that the command got.
   */
  async function typed(...parts: readonly (readonly [typed: string, line: string])[]): Promise<string> {
    await terminal.clear();
    terminal.type("kheaders ");
    for (const [text, line] of parts) {
      terminal.type(text);
      terminal.press("Tab");
      const escaped = line.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      await terminal.shows(new RegExp(`kheaders ${escaped}`));
    }
    terminal.press("Enter");
    const lines = await terminal.shows(/^words:/m);
    await terminal.clear();
    return lines.find((line) => line.startsWith("words:")) ?? "";
  }

  it("completes commands, their subcommands and their options", async () => {
    expect(
      await typed(["cac", "cache"], ["pru", "cache prune"], ["--older", "cache prune --older-than"]),
    ).toBe("words:<cache><prune><--older-than>");
    expect(await typed(["help cac", "help cache"], ["veri", "help cache verify"])).toBe(
      "words:<help><cache><verify>",
    );
  });

  it("completes files, with what is special in their names quoted", async () => {
    expect(await typed(["bpf prog", "bpf prog\\ one.c"])).toBe("words:<bpf><prog one.c>");
  });

  it("completes folders and digests, where a tree is named", async () => {
    const digest = kernel.digest.slice(0, 12);
    const start = digest.slice(0, 6);
    expect(await typed([`info ${start}`, `info ${digest}`])).toBe(`words:<info><${digest}>`);
    // zsh takes the slash away again before a command runs.
    expect(await typed(["info hd", "info hdrs/"])).toMatch(/^words:<info><hdrs\/?>$/);
    expect(await typed(["bpf x.c --tree=hd", "bpf x.c --tree=hdrs/"])).toMatch(
      /^words:<bpf><x.c><--tree=hdrs\/?>$/,
    );
    expect(await typed([`bpf x.c --tree=${start}`, `bpf x.c --tree=${digest}`])).toBe(
      `words:<bpf><x.c><--tree=${digest}>`,
    );
  });

  it("completes releases of cached kernels", async () => {
    const { release } = kernel.options;
    expect(await typed(["pull --release 6.1", `pull --release ${release}`])).toBe(
      `words:<pull><--release><${release}>`,
    );
  });

  it("completes the serial of a device of the adb server that is named", async () => {
    const server = `-P ${host.adb.port} -s`;
    expect(await typed([`${server} 127`, `${server} ${device.serial}`])).toBe(
      `words:<-P><${host.adb.port}><-s><${device.serial}>`,
    );
  });

  it("completes what comes after a colon", async () => {
    expect(await typed(["-s net", "-s net:"], ["2", "-s net:2"])).toBe("words:<-s><net:2>");
  });

  it("completes a serial with odd characters, which the command gets as it is", async () => {
    expect(await typed(["-s Bob", `-s ${quotedOdd[shell].bare}`])).toBe(`words:<-s><${odd}>`);
    expect(await typed([`-s "Bob`, `-s ${quotedOdd[shell].inQuotes}`])).toBe(`words:<-s><${odd}>`);
  });
});

it("no adb server is started to complete", async () => {
  const port = await freePort();
  expect(device.serial).toContain(":");
  const { stdout } = await host.kheaders(["__complete", "zsh", "kheaders", "-P", String(port), "-s", ""]);
  expect(stdout).toBe("nothing\n");
  expect(await listens(port)).toBe(false);
});
