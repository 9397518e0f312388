import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-android14-11";

let host: Workstation;
beforeAll(async () => {
  host = await Workstation.open();
  await host.simulate({ release, archive: smallArchive(release) });
});
afterAll(() => host.close());

describe("a command line that is wrong", () => {
  it.each([
    [["pull", "--colour"], /unknown option '--colour'/],
    [["pull", "surplus"], /unexpected argument 'surplus'/],
    [["fetch"], /unknown command 'fetch'/],
    [["exec"], /missing required argument 'command'/],
    [["pull", "-s"], /argument missing/],
    [["pull", "--timeout", "soon"], /positive number of seconds/],
    [["pull", "--wait=-1"], /positive number of seconds/],
    [["pull", "-P", "99999"], /invalid port "99999" \(expected 1-65535\)/],
    [["pull", "-L", "carrier-pigeon"], /invalid adb server socket "carrier-pigeon"/],
    [["pull", "-L", "tcp:5037", "-H", "localhost"], /-L cannot be used with -H or -P/],
    [["pull", "--release", release], /only be given with --offline/],
    [["pull", "--offline", "--digest", "latest"], /hexadecimal/],
  ])("%j ends with status 2 and says why", async (args, message) => {
    const outcome = await host.kheaders(args);
    expect(outcome).toMatchObject({ status: 2, stdout: "" });
    expect(outcome.stderr).toMatch(message);
  });

  it.each([
    [["pull", "--colour"], "See: kheaders pull --help"],
    [["--timeout", "soon", "pull"], "See: kheaders --help"],
    [["pull", "--timeout", "soon"], "See: kheaders pull --help"],
    [["cache", "prune", "surplus"], "See: kheaders cache prune --help"],
    [["cache", "rm"], "See: kheaders cache rm --help"],
    [["cflags"], "See: kheaders cflags --help"],
    [["pull", "--jsn"], "Did you mean --json? See: kheaders pull --help"],
    [["module", ".", "-j4"], "Arguments for make go after --. See: kheaders module --help"],
    [["bpf", "prog.c", "-o", "prog.o", "-DX"], "Flags for clang go after --. See: kheaders bpf --help"],
    [["-v"], "For the version: kheaders --version"],
    [["--json"], "See: kheaders --help"],
    [["ls"], "Did you mean: kheaders devices, kheaders cache ls, or kheaders store ls?"],
    [["list"], "Did you mean: kheaders devices, kheaders cache ls, or kheaders store ls?"],
    [["version"], "Did you mean: kheaders --version?"],
    [["prune"], "Did you mean: kheaders cache prune?"],
    [["plul", "pull"], "Did you mean: kheaders pull?"],
    [["cache", "lst"], "Did you mean: kheaders cache ls?"],
    [["help", "cache", "nothing"], "See: kheaders cache --help"],
  ])("%j says what to do", async (args, hint) => {
    const { status, stderr } = await host.kheaders(args);
    expect({ status, lines: stderr.trimEnd().split("\n  ").slice(1) }).toEqual({ status: 2, lines: [hint] });
  });

  it("leaves nothing behind", async () => {
    await host.kheaders(["pull", "--colour"]);
    expect(host.cacheContents()).toEqual([]);
  });

  it("ends with status 2 when a variable is wrong, too", async () => {
    const outcome = await host.kheaders(["pull"], { env: { ANDROID_ADB_SERVER_PORT: "five" } });
    expect(outcome).toMatchObject({ status: 2, stdout: "" });
    expect(outcome.stderr).toContain("ANDROID_ADB_SERVER_PORT");
  });
});

describe("help", () => {
  it.each([[[]], [["pull"]], [["devices"]], [["exec"]], [["unload"]]])(
    "of %j has examples and needs no adb",
    async (command) => {
      const outcome = await host.kheaders([...command, "--help"], {
        env: { ANDROID_ADB_SERVER_PORT: "1", PATH: "/nonexistent" },
      });
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
      expect(outcome.stdout).toMatch(/Examples?:\n +\$ kheaders /);
    },
  );

  it("is had in two ways", async () => {
    const { stdout } = await host.kheaders(["help", "cache", "prune"]);
    expect(stdout).toContain("Usage: kheaders cache prune");
    expect(stdout).toBe((await host.kheaders(["cache", "prune", "--help"])).stdout);
  });

  it("is pointed to where a command is missing", async () => {
    const outcome = await host.kheaders([]);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toContain("Usage: kheaders");
  });

  it("is beside the version", async () => {
    const manifest = readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8");
    const { version }: { version?: unknown } = JSON.parse(manifest);
    expect(await host.kheaders(["--version"])).toMatchObject({
      status: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });
});

describe("options before and after a command", () => {
  it("do not swallow the command", async () => {
    expect(await host.kheaders(["--wait", "pull"])).toMatchObject({ status: 0 });
    expect(await host.kheaders(["--wait", "5", "pull", "--wait", "--json"])).toMatchObject({ status: 0 });
  });

  it("belong to the command that exec runs, if they follow it", async () => {
    const program = 'echo "$@"';
    const outcome = await host.kheaders([
      "exec",
      "-q",
      "sh",
      "-c",
      program,
      "sh",
      "-v",
      "--json",
      "--",
      "--wait",
      "x",
    ]);
    expect(outcome).toMatchObject({ status: 0, stdout: "-v --json -- --wait x\n", stderr: "" });
    expect(await host.kheaders(["exec", "--", "echo", "-n", "a"])).toMatchObject({ status: 0, stdout: "a" });
  });
});

describe("what a pull tells on standard error", () => {
  const fresh = ["pull", "--refresh"];

  it("is each step with -v", async () => {
    const { stderr } = await host.kheaders([...fresh, "-v"]);
    const steps = stderr.split("\n").flatMap((line) => /^ *\d+\.\d{3} s {2}(\w+)/.exec(line)?.[1] ?? []);
    const expected = ["Connecting", "Loading", "Transferring", "Unpacking", "Publishing"];
    expect(steps.filter((step, index) => step !== steps[index - 1])).toEqual(expected);
  });

  it("is nothing with --quiet, even on a terminal", async () => {
    expect((await host.kheaders([...fresh, "--quiet"])).stderr).toBe("");
    expect((await host.kheaders([...fresh, "-q"], { terminal: { of: "stderr" } })).stderr).toBe("");
  });

  it("is the error all the same with --quiet", async () => {
    const { status, stderr } = await host.kheaders(["pull", "-q", "-s", "R5CT30ABCDE"]);
    expect(status).toBe(3);
    expect(stderr).toContain("R5CT30ABCDE");
  });
});

describe("the adb server", () => {
  const port = () => String(host.adb.port);
  const elsewhere = { ANDROID_ADB_SERVER_PORT: "1" };

  it.each([
    ["-P", () => ({ args: ["-P", port()], env: elsewhere })],
    ["-H and -P", () => ({ args: ["-H", "127.0.0.1", "-P", port()], env: elsewhere })],
    ["-L", () => ({ args: ["-L", `tcp:localhost:${port()}`], env: elsewhere })],
    ["ADB_SERVER_SOCKET", () => ({ args: [], env: { ...elsewhere, ADB_SERVER_SOCKET: `tcp:${port()}` } })],
    [
      "ANDROID_ADB_SERVER_ADDRESS and _PORT",
      () => ({ args: [], env: { ANDROID_ADB_SERVER_ADDRESS: "127.0.0.1", ANDROID_ADB_SERVER_PORT: port() } }),
    ],
  ])("is the one that %s names", async (_, choose) => {
    const { args, env } = choose();
    const { status, stderr } = await host.kheaders([...args, "pull"], {
      env: { ...env, PATH: "/nonexistent" },
    });
    expect(status, stderr).toBe(0);
  });
});
