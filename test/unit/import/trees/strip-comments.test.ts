import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { stripComments } from "../../../../host/import/trees/strip-comments.js";

const sources = [
  "",
  "int a;\n",
  "/* SPDX-License-Identifier: GPL-2.0 */\n/* a */int a;/**/ /* b\n * c */ int b; // d\n",
  "/*/ not closed",
  "/* one /* two */ three */\n",
  "/* before SPDX after */ /* plain */",
  "/* SPDX */ x /* y */ z /* SPDX",
  "/* a /* SPDX */ b /* c */",
  "/*SPDX*/ /* SPD X */ /***/",
  '"/* in a text */" \xff\x00 /* \xfe */',
];

test.each(sources)("%j", (source) => {
  const expected = perl(source);
  expect(Buffer.from(stripComments(Buffer.from(source, "latin1"))).toString("latin1")).toBe(expected);
});

/** By the kernel's own words (Linux kernel/gen_kheaders.sh). */
function perl(source: string): string {
  const script = "BEGIN {undef $/;}; s/\\/\\*((?!SPDX).)*?\\*\\///smg;";
  return execFileSync("perl", ["-pe", script], { input: Buffer.from(source, "latin1") }).toString("latin1");
}

test("takes no time that grows with the square of the size", () => {
  const many = Buffer.from("/* SPDX ".repeat(100_000));
  expect(stripComments(many).length).toBe(many.length);
  const nested = Buffer.from(`${"/* ".repeat(200_000)} SPDX */`);
  expect(stripComments(nested).length).toBe(nested.length);
});
