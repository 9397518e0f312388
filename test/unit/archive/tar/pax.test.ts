import { expect, it } from "vitest";
import { checkPax } from "../../../../host/archive/tar/pax.js";

const check = (text: string) => () => checkPax(Buffer.from(text), "PaxHeader/a");

it.each([
  "",
  "11 mtime=1\n",
  "11 mtime=1\n13 comment=x\n",
  "17 comment=a\nb=c\n",
  "24 SCHILY.acl.default=x\n",
])("accepts %j", (text) => expect(check(text)).not.toThrow());

it.each([
  ["9 path=a\n", '"PaxHeader/a" is a pax header that sets "path"'],
  ["11 mtime=1\n9 size=1\n", 'that sets "size"'],
  ["22 GNU.sparse.major=1\n", "the pax header of a sparse file"],
  ["12 mtime=1\n", "malformed"],
  ["10 mtime=1\n", "malformed"],
  ["011 mtime=1\n", "malformed"],
  ["mtime=1\n", "malformed"],
])("refuses %j", (text, reason) => {
  expect(check(text)).toThrow(reason);
  expect(check(text)).toThrow(expect.objectContaining({ code: "archive-refused" }));
});
