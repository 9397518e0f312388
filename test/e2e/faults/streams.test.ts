import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runsAsRoot } from "../../support/kheaders.js";
import { smallArchive } from "../../support/small-archive.js";
import { type CommandOptions, Workstation } from "../../support/workstation.js";

const tree = /^\/.+\/trees\/[0-9a-f]{64}\n$/;

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
  await host.simulate({ archive: smallArchive("6.6.1-test"), release: "6.6.1-test" });
});

afterAll(() => host.close());

/** Pulls anew, started by a shell as the script says: `"$@"` is the command. */
const pullBy = (script: string, options: CommandOptions = {}) =>
  host.kheaders(["pull", "--refresh"], { ...options, before: ["sh", "-c", script, "sh"] });

describe("a pull", () => {
  it("does without standard input", async () => {
    const { status, stdout } = await pullBy('exec "$@" <&-');
    expect(status).toBe(0);
    expect(stdout).toMatch(tree);
  });

  it("does without a terminal", async () => {
    const { status, stdout } = await pullBy('exec setsid --wait "$@" </dev/null');
    expect(status).toBe(0);
    expect(stdout).toMatch(tree);
  });

  it("does without standard error", async () => {
    const { status, stdout } = await pullBy('exec "$@" 2>&-');
    expect(status).toBe(0);
    expect(stdout).toMatch(tree);
  });

  it("does its work without standard output", async () => {
    expect(await pullBy('exec "$@" >&-')).toMatchObject({ status: 0, stdout: "" });
    expect(await host.kheaders(["pull", "--offline"])).toMatchObject({ status: 0 });
  });

  it("does not mind a reader that went away", async () => {
    const { stderr } = await pullBy('{ "$@"; echo "status $?" >&2; } | true');
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("status 0");
    expect(stderr).not.toMatch(/^kheaders:|EPIPE/m);
  });

  it("fails where its result cannot be written", async () => {
    const { status, stderr } = await pullBy('exec "$@" >/dev/full');
    expect(status).toBe(8);
    expect(stderr).toMatch(/^kheaders: cannot write the result: .*no space left/im);
  });
});

describe("the home folder", () => {
  const nowhere = { KHEADERS_CACHE_DIR: undefined, XDG_CACHE_HOME: undefined };

  it("is not needed where the cache is named", async () => {
    const { status, stdout } = await host.kheaders(["pull", "--refresh"], { env: { HOME: undefined } });
    expect(status).toBe(0);
    expect(stdout).toMatch(tree);
  });

  it("is not needed where XDG_CACHE_HOME names a folder", async () => {
    const XDG_CACHE_HOME = host.folder("xdg");
    const { stdout } = await host.kheaders(["cache", "dir"], {
      env: { ...nowhere, HOME: undefined, XDG_CACHE_HOME },
    });
    expect(stdout).toBe(`${join(XDG_CACHE_HOME, "kheaders")}\n`);
  });

  it.skipIf(runsAsRoot)("that may not be written is named, with what to do", async () => {
    const HOME = host.folder("read-only");
    chmodSync(HOME, 0o555);
    const { status, stdout, stderr } = await host.kheaders(["pull"], { env: { ...nowhere, HOME } });
    expect({ status, stdout }).toEqual({ status: 8, stdout: "" });
    expect(stderr).toContain(HOME);
    expect(stderr).toMatch(/permission denied/i);
    expect(stderr).toContain("--cache-dir");
  });

  it.skipIf(runsAsRoot)("that is not there is named, with what to do", async () => {
    const HOME = join(host.root, "nobody-lives-here");
    const { status, stdout, stderr } = await host.kheaders(["pull"], { env: { ...nowhere, HOME } });
    expect({ status, stdout }).toEqual({ status: 8, stdout: "" });
    expect(stderr).toContain(HOME);
    expect(stderr).toContain("--cache-dir");
  });
});
