import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileUnit } from "../../../host/btf/unit.js";
import { temporaryFolder } from "../../support/cache-fixture.js";
import { writeFakeClang } from "../../support/fake-clang.js";

/**
 * Compiles with a clang that keeps what it read as the object.
 *
 * @param refuses Commands of a shell that fail, with an error, for what is in "$input".
 */
function compile(headers: readonly string[], refuses = "true") {
  const folder = temporaryFolder();
  const runs = join(folder, "runs");
  const clangBody = `input=$(cat); echo run >>'${runs}'; ${refuses} || exit 1; echo "$input" >"$out"`;
  const clang = writeFakeClang(folder, { clangBody });
  const signal = new AbortController().signal;
  return compileUnit(headers, { clang, flags: ["-g"], folder, signal }).then((unit) => ({
    ...unit,
    object: readFileSync(unit.object, "utf8"),
    runs: readFileSync(runs, "utf8").split("\n").length - 1,
  }));
}

const refusing = (header: string, error: string) =>
  `case $input in *'${header}'*) echo "<stdin>:1:10: fatal error: ${error}" >&2; false ;; esac`;

describe("headers", () => {
  it("that go together are compiled by one run, in their order", async () => {
    const { object, headers, leftOut, runs } = await compile(["a.h", "b.h", "c.h"]);
    expect(object).toBe("#include <a.h>\n#include <b.h>\n#include <c.h>\n");
    expect([headers, leftOut, runs]).toEqual([["a.h", "b.h", "c.h"], [], 1]);
  });

  it("that do not compile are left out, with the compiler's first error", async () => {
    const { object, headers, leftOut } = await compile(["a.h", "b.h", "c.h", "d.h"], refusing("d.h", "no d"));
    expect(headers).toEqual(["a.h", "b.h", "c.h"]);
    expect(object).toBe("#include <a.h>\n#include <b.h>\n#include <c.h>\n");
    expect(leftOut).toEqual([{ header: "d.h", error: "<stdin>:1:10: fatal error: no d" }]);
  });

  it("that do not go with those before them are left out", async () => {
    const together = `case $input in *a.h*c.h*) echo "error: a and c" >&2; false ;; esac`;
    const { headers, leftOut } = await compile(["a.h", "b.h", "c.h", "d.h"], together);
    expect(headers).toEqual(["a.h", "b.h", "d.h"]);
    expect(leftOut).toEqual([{ header: "c.h", error: "error: a and c" }]);
  });

  it("of which none compiles are an error that says why", async () => {
    await expect(compile(["a.h", "b.h"], refusing(".h", "no such header"))).rejects.toMatchObject({
      code: "compile-failed",
      message: expect.stringContaining("no header compiles: <stdin>:1:10: fatal error: no such header"),
    });
  });
});
