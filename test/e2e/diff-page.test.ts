import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../host/compare/page/page.js";
import { Browser } from "../support/browser.js";
import { largeDiff } from "../support/large-diff.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const program = findProgram("chromium");

describe("kheaders diff --html", () => {
  let host: Workstation;
  let folder: string;
  beforeAll(async () => {
    host = await Workstation.open();
    folder = host.folder("page");
    for (const [name, value] of Object.entries({ old: "1", new: "2" })) {
      const include = join(folder, name, "include");
      for (const inner of ["linux", "generated", "../arch/x86/include"])
        mkdirSync(join(include, inner), { recursive: true });
      writeFileSync(join(include, "generated/autoconf.h"), `#define CONFIG_HZ ${value}00\n`);
      writeFileSync(join(include, "generated/utsrelease.h"), `#define UTS_RELEASE "6.1.0-${name}"\n`);
      writeFileSync(join(include, "linux/a.h"), `#define A "<b>${value}"\n`);
    }
    chmodSync(folder, 0o777);
  });
  afterAll(() => host.close());
  const diff = (...args: string[]) =>
    host.kheaders(["diff", join(folder, "old"), join(folder, "new"), ...args]);

  it("writes the page, and prints the summary", async () => {
    const page = join(folder, "page.html");
    const { status, stdout, stderr } = await diff("--html", page);
    expect(status, stderr).toBe(1);
    expect(stdout).toMatch(/^config {4}1 option differs/m);
    expect(stdout).toContain(`All of it: ${page}`);
    const text = readFileSync(page, "utf8");
    expect(text).toContain('<tr><th>CONFIG_HZ<td class="old">100<td class="new">200');
    expect(text).toContain("<ins>+#define A &quot;&lt;b&gt;2&quot;\n</ins>");
  });

  it("refuses what it cannot write to, and options for one part, before it compares", async () => {
    const there = await diff("--html", folder);
    expect(there.status).toBe(8);
    expect(there.stderr).toContain("is not a regular file");
    const both = await diff("--html", join(folder, "other.html"), "--config");
    expect(both.status).toBe(2);
    expect(both.stderr).toContain("--html takes all parts");
  });
});

if (program === undefined) skipBecause("there is no chromium", "the page of kheaders diff in a browser");
else
  describe("the page of kheaders diff in a browser", () => {
    const folder = mkdtempSync(join(tmpdir(), "kheaders-test-"));
    const file = join(folder, "page.html");
    const url = pathToFileURL(file).href;
    let browser: Browser;
    beforeAll(async () => {
      writeFileSync(file, [...pageOf(largeDiff(folder))].join(""));
      browser = await Browser.start(program);
      await browser.open(url);
    });
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    const count = (selector: string) =>
      browser.evaluate<number>(
        `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((item) => !item.hidden).length`,
      );

    it("is smaller than 5 MB although far more differs, and has not too much for a browser", async () => {
      expect(statSync(file).size).toBeGreaterThan(3_500_000);
      expect(statSync(file).size).toBeLessThan(5_000_000);
      expect(await count("*")).toBeLessThan(200_000);
      const [loaded] = await browser.evaluate<number[]>(
        "performance.getEntriesByType('navigation').map((entry) => entry.loadEventEnd)",
      );
      console.log(`the page of ${statSync(file).size} bytes was loaded in ${Math.round(loaded ?? 0)} ms`);
    });

    it("filters by what is typed, from the keyboard", async () => {
      const all = await count("#config tbody tr");
      await browser.evaluate("document.querySelector('#config').scrollIntoView()");
      await browser.press("/", "/");
      expect(await browser.evaluate("document.activeElement.closest('section').id")).toBe("config");
      await browser.type("number_12 not");
      await browser.until("document.querySelector('#config output').textContent !== ''");
      const shown = await count("#config tbody tr");
      expect(shown).toBeGreaterThan(0);
      expect(shown).toBeLessThan(all / 10);
      expect(await browser.evaluate("document.querySelector('#config output').textContent")).toBe(
        `${shown} of ${all.toLocaleString("en")} shown`,
      );
      await browser.press("Escape");
      await browser.until("document.querySelector('#config output').textContent === ''");
      expect(await count("#config tbody tr")).toBe(all);
    });

    it("shows the folders of the headers that are looked for", async () => {
      await browser.evaluate(
        "(() => { const input = document.querySelector('#headers input'); input.value = 'part3/header3.h'; input.dispatchEvent(new Event('input')); })()",
      );
      await browser.until("document.querySelector('#headers output').textContent !== ''");
      expect(await count("#headers .file")).toBe(1);
      expect(
        await browser.evaluate("document.getElementById('file-include/part3/header3.h').checkVisibility()"),
      ).toBe(true);
    });

    it("opens what a link leads to", async () => {
      await browser.evaluate("document.querySelector('a[href=\"#struct-task_struct\"]').click()");
      await browser.until("document.querySelector('#struct-task_struct > details').open");
      expect(
        await browser.evaluate("document.querySelector('#struct-task_struct svg').checkVisibility()"),
      ).toBe(true);
    });

    it.each(["light", "dark"] as const)("has no serious fault for anyone, in %s colours", async (scheme) => {
      await browser.useColours(scheme);
      await browser.evaluate(
        "for (const group of document.querySelectorAll('#struct-task_struct > details, #symbols details, [id=\"file-include/part3/header3.h\"] > details')) group.open = true",
      );
      // What is in the page more than a few times tells nothing new, and takes long to look at.
      await browser.evaluate(
        "for (const list of document.querySelectorAll('tbody, ul')) for (const item of [...list.children].slice(30)) item.remove()",
      );
      await browser.evaluate(
        readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"),
      );
      const faults = await browser.evaluate<{ id: string; impact: string; nodes: unknown[] }[]>(
        "axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => ({ html, failureSummary })) })))",
      );
      expect(faults.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
    });

    it("prints", async () => {
      expect((await browser.print()).subarray(0, 5).toString()).toBe("%PDF-");
    });

    it("has all essentials without scripts", async () => {
      await browser.allowScripts(false);
      await browser.open(url);
      await browser.allowScripts(true);
      expect(await browser.evaluate("document.querySelector('#config input').checkVisibility()")).toBe(false);
      expect(await count("#config tbody tr")).toBeGreaterThan(1000);
      await browser.evaluate("document.querySelector('#symbols summary').click()");
      expect(await browser.evaluate("document.querySelector('#symbols tbody tr').checkVisibility()")).toBe(
        true,
      );
    });

    it("makes the browser complain of nothing", () => {
      expect(browser.complaints).toEqual([]);
    });
  });
