import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesInRule } from "../../../host/build/dependencies.js";
import { findProgram } from "../../support/programs.js";
import { skipBecause } from "../../support/skip.js";

it("names all that a compiler read, whatever the files are called", () => {
  const rule = "out.pch: /t/linux/a.h \\\n  /t/a\\ space.h /t/$$HOME.h \\\r\n  /t/a\\#b.h\n";
  expect(filesInRule(rule)).toEqual(["/t/linux/a.h", "/t/a space.h", "/t/$HOME.h", "/t/a#b.h"]);
});

it("is nothing where nothing was read", () => {
  expect(filesInRule("out.pch:\n")).toEqual([]);
});

if (findProgram("gcc") === undefined) {
  skipBecause("there is no gcc", "a rule of a real compiler is read");
} else {
  it("reads the rule of a real compiler", () => {
    const folder = join(mkdtempSync(join(tmpdir(), "kheaders-rule-")), "with a space");
    try {
      mkdirSync(folder);
      for (const name of ["a b.h", "c$d.h", "e#f.h"]) writeFileSync(join(folder, name), "");
      const input = '#include "a b.h"\n#include "c$d.h"\n#include "e#f.h"\n';
      const rule = execFileSync("gcc", ["-M", "-MT", "out", "-I", folder, "-x", "c", "-"], {
        input,
        encoding: "utf8",
      });
      const wanted = ["a b.h", "c$d.h", "e#f.h"].map((name) => join(folder, name));
      expect(filesInRule(rule)).toEqual(expect.arrayContaining(wanted));
    } finally {
      rmSync(join(folder, ".."), { recursive: true });
    }
  });
}
