import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { commandTable } from "../../../host/cli/command-table.js";
import { makeProgram } from "../../../host/cli/program.js";
import { manPage, tableOf } from "../../../scripts/man-page.js";
import { findProgram } from "../../support/programs.js";
import { readRepositoryFile } from "../../support/repository.js";
import { skipBecause } from "../../support/skip.js";

let folder: string;
let file: string;
let page: string;

beforeAll(async () => {
  vi.stubGlobal("KHEADERS_VERSION", "1.2.3");
  folder = mkdtempSync(join(tmpdir(), "kheaders-man-page-"));
  file = join(folder, "kheaders.1");
  const tables = ["Exit status", "Environment"].map((name) =>
    tableOf(readRepositoryFile("docs/commands.md"), name),
  );
  page = manPage(await makeProgram(["--help"]), "1.2.3", tables);
  writeFileSync(file, page);
});
afterAll(() => {
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

/** Runs a program on the page; gives what it says. */
function run(program: string, ...args: readonly string[]): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync(program, [...args, file], {
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" },
  });
  return { stdout, stderr };
}

describe("the manual page", () => {
  it("is made of the definitions of all commands", () => {
    const names = Object.values(commandTable).flatMap((commands) => Object.keys(commands));
    const headings = Array.from(page.matchAll(/^\.SS kheaders (\S+)/gm), ([, name = ""]) =>
      name.replaceAll("\\", ""),
    );
    expect(names.filter((name) => !headings.includes(name))).toEqual([]);
    expect(page).toContain(".SS kheaders cache prune\n");
  });

  it("describes what many commands take once, and what one command takes there", () => {
    expect(page.match(/^\.B \\-\\-trust\\-release$/gm)).toHaveLength(1);
    const [, bpf = ""] = page.split(".SS kheaders bpf ");
    const [ofBpf = ""] = bpf.split("\n.SS ");
    expect(ofBpf).toContain(
      ".B \\-\\-mcpu <version>\nversion of the eBPF instructions (one of v1, v2, v3; default: v1)\n",
    );
  });

  it("ends with the tables of the docs", () => {
    expect(page).toMatch(/^\.SH EXIT STATUS\n\.TP\n\.B 0\ndone$/m);
    expect(page).toMatch(/^\.SH ENVIRONMENT\n\.TP\n\.B ANDROID_SERIAL$/m);
  });

  if (findProgram("man") === undefined) {
    skipBecause("there is no man", "man shows the page");
  } else {
    it("is shown by man, with examples that a shell reads as they are", () => {
      const { stdout, stderr } = run("man", "--warnings", "--local-file");
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^ {3}kheaders pull$/m);
      expect(stdout).toContain("$ kheaders pull --match 'model=Pixel*' --match 'release=6.1.*' --json\n");
    });
  }

  if (findProgram("mandoc") === undefined) {
    skipBecause("there is no mandoc", "mandoc finds nothing wrong with the page");
  } else {
    it("has nothing that mandoc finds wrong, but that it has no date", () => {
      const { stdout } = run("mandoc", "-T", "lint", "-W", "warning");
      const found = stdout.trimEnd().split("\n");
      expect(found).toEqual([expect.stringContaining('missing date, using ""')]);
    });
  }
});

describe("a table of the docs", () => {
  it("gives terms and texts, without Markdown", () => {
    const markdown = "# A\n\n## B\n\n| x | |\n| - | - |\n| `a`, `b` | see [c](d.md#e) |\n\n## F\n";
    expect(tableOf(markdown, "B")).toEqual({ heading: "B", rows: [{ term: "a, b", text: "see c" }] });
  });

  it("must be there", () => {
    expect(() => tableOf("# A\n\n## B\n", "B")).toThrow('there is no table under "B"');
  });
});
