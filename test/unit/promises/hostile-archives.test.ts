import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../shared/errors.js";
import { type ReadTarOptions, readTar, refusal } from "../../support/read-tar.js";
import {
  endMarker,
  file,
  folder,
  gnuLong,
  header,
  link,
  member,
  octal,
  pax,
  pixzList,
  posixFormat,
  tar,
  withChecksum,
} from "../../support/tar-builder.js";
import { xz } from "../../support/xz.js";

interface Hostile {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** A part of the message: what is wrong, and with which member. */
  readonly says: string;
  readonly code?: ErrorCode;
  readonly options?: ReadTarOptions;
}

const good = Buffer.concat([folder("./"), folder("./include/"), file("./include/a.h", "#define A\n")]);
const withHeader = (block: Uint8Array) => tar(good, block);
const patched = (block: Buffer, offset: number, bytes: Uint8Array) => {
  block.set(bytes, offset);
  return withChecksum(block);
};

const names: Hostile[] = [
  {
    what: "an absolute name",
    bytes: withHeader(file("/etc/passwd")),
    says: '"/etc/passwd" is an absolute name',
  },
  { what: "an absolute folder", bytes: withHeader(folder("/etc/")), says: '"/etc/" is an absolute name' },
  {
    what: "a name that begins with ..",
    bytes: withHeader(file("../x")),
    says: '"../x" leads out of the tree',
  },
  { what: "a name with .. within", bytes: withHeader(file("a/../../x")), says: '"a/../../x" leads out' },
  {
    what: "a name that ends with ..",
    bytes: withHeader(folder("include/..")),
    says: '"include/.." leads out',
  },
  { what: "a . component", bytes: withHeader(file("a/./b")), says: '"a/./b" has an empty or "." component' },
  { what: "an empty component", bytes: withHeader(file("a//b")), says: '"a//b" has an empty or "."' },
  { what: "a file named as a folder", bytes: withHeader(file("a.h/")), says: '"a.h/" has an empty or "."' },
  { what: "the root as a file", bytes: withHeader(file("./")), says: '"./" has an empty or "."' },
  { what: "an empty name", bytes: withHeader(file("")), says: 'the name "" is empty' },
  { what: "a newline", bytes: withHeader(file("a\nb")), says: '"a\\nb" has a control character' },
  {
    what: "an escape sequence",
    bytes: withHeader(file("a\x1b[2Jb")),
    says: '"a\\x1b[2Jb" has a control character',
  },
  {
    what: "a C1 control character",
    bytes: withHeader(file("a\u009bb")),
    says: '"a\\x9bb" has a control character',
  },
  { what: "a DEL", bytes: withHeader(file("a\x7f")), says: '"a\\x7f" has a control character' },
  { what: "a NUL within a name", bytes: withHeader(file("a\0b")), says: '"a" has a NUL within its name' },
  {
    what: "a NUL and a newline, after which tar reads on",
    bytes: withHeader(file("a\0\n/b")),
    says: "has a NUL within its name",
  },
  {
    what: "a NUL within a long name",
    bytes: withHeader(Buffer.concat([gnuLong("L", "a\0b"), file("a")])),
    says: 'the long name "a\\x00b" is malformed',
  },
  {
    what: "a name that is not UTF-8",
    bytes: withHeader(member({ name: Buffer.from("a\xff", "latin1") })),
    says: '"a\ufffd" has a name or link target that is not UTF-8',
  },
  {
    what: "a prefix that is not UTF-8",
    bytes: withHeader(member({ name: "a", prefix: Buffer.from("\xff", "latin1"), format: posixFormat })),
    says: '"\ufffd/a" has a name or link target that is not UTF-8',
  },
  {
    what: "a prefix that leads out",
    bytes: withHeader(member({ name: "x", prefix: "..", format: posixFormat })),
    says: '"../x" leads out of the tree',
  },
  {
    what: "a component over 255 bytes",
    bytes: withHeader(file("n".repeat(256))),
    says: "is over the limit of 255 bytes",
  },
  {
    what: "a path over the limit",
    bytes: withHeader(file(`${"dir/".repeat(10)}file`)),
    options: { limits: { pathBytes: 40 } },
    says: "is over the limit of 40 bytes",
  },
  {
    what: "a path that is too deep",
    bytes: withHeader(file(`${"d/".repeat(32)}file`)),
    says: "is over the limit of 32 components",
  },
];

const longNames: Hostile[] = [
  {
    what: "a long name without the NUL at its end",
    bytes: withHeader(Buffer.concat([member({ name: "././@LongLink", type: "L" }, "name"), file("name")])),
    says: 'the long name "nam" is malformed',
  },
  {
    what: "an empty long name",
    bytes: withHeader(Buffer.concat([member({ name: "././@LongLink", type: "L" }, ""), file("a")])),
    says: 'the long name "" is malformed',
  },
  {
    what: "a long name that is not UTF-8",
    bytes: withHeader(
      Buffer.concat([
        member({ name: "././@LongLink", type: "L" }, Buffer.from("\xff\0", "latin1")),
        file("a"),
      ]),
    ),
    says: 'the long name "\ufffd" has a name or link target that is not UTF-8',
  },
  {
    what: "a long name over the limit",
    bytes: withHeader(file("dir/".repeat(1_000))),
    says: "the length of a name or link target is over the limit of 768 bytes",
  },
  {
    what: "a long name that leads out",
    bytes: withHeader(file(`../${"n".repeat(120)}`)),
    says: "leads out of the tree",
  },
  {
    what: "two long names for one member",
    bytes: withHeader(Buffer.concat([gnuLong("L", "first"), gnuLong("L", "second"), file("a")])),
    says: 'the long name "first" is followed by another',
  },
  {
    what: "two long targets for one link",
    bytes: withHeader(Buffer.concat([gnuLong("K", "first"), gnuLong("K", "second"), link("a", "b")])),
    says: 'the long name "first" is followed by another',
  },
  {
    what: "a long name of nothing",
    bytes: withHeader(gnuLong("L", "lonely")),
    says: 'the long name "lonely" belongs to no member',
  },
  {
    what: "a long target of a file",
    bytes: withHeader(Buffer.concat([gnuLong("K", "target"), file("a.h")])),
    says: '"a.h" is not a link, but has a link target',
  },
];

const types: Hostile[] = [
  ...(
    [
      ["1", "a hard link"],
      ["3", "a character device"],
      ["4", "a block device"],
      ["6", "a named pipe"],
      ["S", "a sparse file"],
      ["7", "of the unknown type 0x37"],
      ["D", "of the unknown type 0x44"],
      ["M", "of the unknown type 0x4d"],
      ["V", "of the unknown type 0x56"],
      ["N", "of the unknown type 0x4e"],
      ["X", "of the unknown type 0x58"],
      ["s", "of the unknown type 0x73"],
    ] as const
  ).map(([type, says]) => ({
    what: `a member of type ${type}`,
    bytes: withHeader(member({ name: "strange", target: type === "1" ? "include/a.h" : "", type })),
    says: `"strange" is ${says}`,
  })),
  {
    what: "a socket, as star writes it",
    bytes: withHeader(Buffer.concat([pax({ "SCHILY.filetype": "socket" }), file("sock")])),
    says: 'a pax header that sets "SCHILY.filetype"',
  },
  {
    what: "a folder with content",
    bytes: withHeader(member({ name: "dir/", type: "5" }, "content")),
    says: '"dir/" is a folder with content',
  },
  {
    what: "a link with content",
    bytes: withHeader(member({ name: "l", type: "2", target: "include" }, "content")),
    says: '"l" is a link with content',
  },
  {
    what: "a file with a link target",
    bytes: withHeader(member({ name: "f", target: "include/a.h" })),
    says: '"f" is not a link, but has a link target',
  },
];

const paxHeaders: Hostile[] = [
  ...Object.entries({
    path: "../x",
    linkpath: "/etc",
    size: "4096",
    mode: "4755",
    type: "2",
    charset: "BINARY",
    "SCHILY.xattr.security.capability": "x",
  }).map(([key, value]) => ({
    what: `a pax header with ${key}`,
    bytes: withHeader(Buffer.concat([pax({ [key]: value }), file("a.h")])),
    says: `is a pax header that sets "${key}"`,
  })),
  {
    what: "a global pax header that renames",
    bytes: withHeader(Buffer.concat([pax({ path: "x" }, "g"), file("a.h")])),
    says: 'is a pax header that sets "path"',
  },
  {
    what: "a pax sparse file, version 0.1",
    bytes: withHeader(
      Buffer.concat([pax({ "GNU.sparse.map": "0,1", "GNU.sparse.size": "9" }), file("a.h", "x")]),
    ),
    says: "is the pax header of a sparse file",
  },
  {
    what: "a pax sparse file, version 1.0",
    bytes: withHeader(
      Buffer.concat([pax({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0" }), file("a.h", "1\n0\n1\n")]),
    ),
    says: "is the pax header of a sparse file",
  },
  ...["5 a=b", "999 mtime=1\n", "x mtime=1\n", "10 mtime1\n", "0 mtime=1\n", "9 mtime=1\n"].map(
    (records) => ({
      what: `the malformed pax record ${JSON.stringify(records)}`,
      bytes: withHeader(Buffer.concat([member({ name: "PaxHeader", type: "x" }, records), file("a.h")])),
      says: '"PaxHeader" is a malformed pax header',
    }),
  ),
  {
    what: "a pax header over the limit",
    bytes: withHeader(Buffer.concat([pax({ comment: "c".repeat(70_000) }), file("a.h")])),
    says: "is over the limit of 65,536 bytes",
  },
  {
    what: "a control character in the key of a pax header",
    bytes: withHeader(Buffer.concat([pax({ "a\x1b[2J": "x" }), file("a.h")])),
    says: 'sets "a\\x1b[2J"',
  },
];

const links: Hostile[] = [
  {
    what: "an absolute link",
    bytes: withHeader(link("l", "/etc/passwd")),
    says: '"/etc/passwd", is absolute',
  },
  {
    what: "a link that leaves",
    bytes: withHeader(link("l", "..")),
    says: 'the link "l", "..", leaves the tree',
  },
  {
    what: "a link that leaves and comes back",
    bytes: withHeader(link("include/l", "../../tree/include/a.h")),
    says: 'the link "include/l", "../../tree/include/a.h", leaves the tree',
  },
  {
    what: "a link that leaves through a link before it",
    bytes: withHeader(Buffer.concat([link("sub/here", ".."), link("sub/l", "here/../x")])),
    says: 'the link "sub/l", "here/../x", leaves the tree through another link',
  },
  {
    what: "a link that leaves through a link after it",
    bytes: withHeader(Buffer.concat([link("sub/a", "b/../.."), link("sub/b", "..")])),
    says: 'the link "sub/a", "b/../..", leaves the tree through another link',
  },
  {
    what: "a link that leaves through two links",
    bytes: withHeader(Buffer.concat([link("d/e/a", "../b/../.."), link("d/b", "c"), link("d/c", "..")])),
    says: 'the link "d/e/a", "../b/../..", leaves the tree through another link',
  },
  {
    what: "links in a circle",
    bytes: withHeader(Buffer.concat([link("a", "b"), link("b", "a")])),
    says: 'the link "a" leads in a circle',
  },
  {
    what: "a link without target",
    bytes: withHeader(link("l", "")),
    says: 'the target of the link "l" is empty',
  },
  {
    what: "a control character in a target",
    bytes: withHeader(link("l", "a\x1b]0;x\x07")),
    says: 'the target of the link "l" has a control character',
  },
  {
    what: "a target that is not UTF-8",
    bytes: withHeader(member({ name: "l", type: "2", target: Buffer.from("\xfe", "latin1") })),
    says: '"l" has a name or link target that is not UTF-8',
  },
  {
    what: "a target over the limit",
    bytes: withHeader(link("l", "d/".repeat(400))),
    says: "is over the limit of 768 bytes",
  },
  {
    what: "a target that is too deep",
    bytes: withHeader(link("l", "d/".repeat(33))),
    says: "is over the limit of 32 components",
  },
  {
    what: "more links than the limit",
    bytes: withHeader(Buffer.concat([link("a", "x"), link("b", "x"), link("c", "x")])),
    options: { limits: { links: 2 } },
    says: "the number of links is over the limit of 2 links",
  },
  {
    what: "absolute links to a source tree elsewhere",
    bytes: tar(folder("./"), link("./include/linux/kernel.h", "/build/linux/include/linux/kernel.h")),
    says: '"/build/linux/include/linux/kernel.h", is absolute: the archive was built from a linked source tree',
  },
  {
    what: "relative links to a source tree elsewhere",
    bytes: tar(link("include/linux/kernel.h", "../../../../common/include/linux/kernel.h")),
    says: "leaves the tree: the archive was built from a linked source tree",
  },
  {
    what: "a source tree elsewhere to which most of the files are links",
    bytes: tar(
      file("include/generated/autoconf.h"),
      link("include/linux/kernel.h", "/build/linux/include/linux/kernel.h"),
      link("include/linux/list.h", "/build/linux/include/linux/list.h"),
    ),
    says: "is absolute: the archive was built from a linked source tree",
  },
  {
    what: "more links to headers elsewhere than the limit",
    bytes: tar(...["a", "b", "c", "d"].map((name) => file(name)), link("e.h", "/e.h"), link("f.h", "/f.h")),
    options: { limits: { leftOutLinks: 1 } },
    says: 'the link "e.h", "/e.h", is absolute: the archive was built from a linked source tree',
  },
  {
    what: "a link from a header to something else outside",
    bytes: withHeader(link("include/b.h", "/etc/shadow")),
    says: '"/etc/shadow", is absolute',
  },
  {
    what: "a file below a link that is left out",
    bytes: withHeader(Buffer.concat([link("b.h", "/x/b.h"), file("b.h/c")])),
    says: '"b.h/c" lies below the link "b.h"',
  },
  {
    what: "a file in the place of a link that is left out",
    bytes: withHeader(Buffer.concat([link("b.h", "/x/b.h"), file("b.h")])),
    says: '"b.h" is there both as a link and as a file',
  },
];

const shapes: Hostile[] = [
  {
    what: "a file twice",
    bytes: withHeader(file("include/a.h")),
    says: '"include/a.h" is there twice',
  },
  { what: "a folder twice", bytes: withHeader(folder("include")), says: '"include" is there twice' },
  {
    what: "a link twice",
    bytes: withHeader(Buffer.concat([link("l", "include"), link("l", "include")])),
    says: '"l" is there twice',
  },
  {
    what: "a file in place of a folder",
    bytes: withHeader(file("include")),
    says: '"include" is there both as a folder and as a file',
  },
  {
    what: "a link in place of a folder",
    bytes: withHeader(link("include", "elsewhere")),
    says: '"include" is there both as a folder and as a link',
  },
  {
    what: "a link in place of a folder that is only implied",
    bytes: tar(file("scripts/run"), link("scripts", "/tmp")),
    says: '"scripts" is there both as a folder and as a link',
  },
  {
    what: "a file below a file",
    bytes: withHeader(file("include/a.h/b")),
    says: '"include/a.h/b" lies below the file "include/a.h"',
  },
  {
    what: "a file below a link",
    bytes: withHeader(Buffer.concat([link("l", "include"), file("l/b.h")])),
    says: '"l/b.h" lies below the link "l"',
  },
  {
    what: "a folder below a link, two levels down",
    bytes: withHeader(Buffer.concat([link("l", "include"), folder("l/a/b")])),
    says: '"l/a/b" lies below the link "l"',
  },
  ...(
    [
      ["xt_MARK.h", "xt_mark.h"],
      ["\u00e9.h", "e\u0301.h"],
      ["\u212a.h", "k.h"],
      ["stra\u00dfe.h", "STRASSE.h"],
    ] as const
  ).map(([first, second]) => ({
    what: `${first} and ${second} on a file system that ignores case`,
    bytes: tar(file(first), file(second)),
    options: { caseInsensitive: true },
    says: `"${first}" and "${second}" are one name`,
  })),
  {
    what: "folders that differ in case on a file system that ignores it",
    bytes: tar(file("Doc/a"), file("doc/b")),
    options: { caseInsensitive: true },
    says: '"Doc" and "doc" are one name',
  },
  {
    what: "a link that leaves through another in other case, where case is ignored",
    bytes: tar(link("sub/a", "B/../.."), link("sub/b", "..")),
    options: { caseInsensitive: true },
    says: '"B/../..", leaves the tree through another link',
  },
  {
    what: "more members than the limit",
    bytes: tar(file("a"), file("b"), file("c")),
    options: { limits: { members: 2 } },
    says: "the number of members is over the limit of 2 members",
  },
  {
    what: "more implied folders than the limit",
    bytes: tar(file("a/b/c/d")),
    options: { limits: { members: 3 } },
    says: "the number of members is over the limit of 3 members",
  },
  {
    what: "paths that are too long together",
    bytes: tar(file("0123456789"), file("abcdefghij")),
    options: { limits: { allPathBytes: 19 } },
    says: "the length of all paths together is over the limit of 19 bytes",
  },
  {
    what: "paths and link targets that are too long together",
    bytes: tar(file("0123456789"), link("l", "abcdefghij")),
    options: { limits: { allPathBytes: 20 } },
    says: "the length of all paths together is over the limit of 20 bytes",
  },
  {
    what: "a file over the limit, of which nothing is there yet",
    bytes: header({ name: "large", size: octal(33_554_433) }),
    says: 'the size of "large" is over the limit of 33,554,432 bytes',
  },
  {
    what: "more unpacked bytes than the limit",
    bytes: tar(file("a", Buffer.alloc(20_000))),
    options: { limits: { unpackedBytes: 20_000 } },
    says: "its unpacked size is over the limit of 20,000 bytes",
  },
];

const streams: Hostile[] = [
  {
    what: "a gzip stream in place of tar",
    bytes: gzipSync(tar(good)),
    says: "the xz data holds gzip data instead of a tar archive",
  },
  {
    what: "an xz stream in place of tar",
    bytes: xz(tar(file("a", Buffer.alloc(9)))),
    says: "the xz data holds xz data instead",
  },
  {
    what: "a second archive after the end",
    bytes: Buffer.concat([tar(good), tar(file("include/evil.h"))]),
    says: "there is data after the end of the tar archive",
  },
  {
    what: "garbage after the end",
    bytes: Buffer.concat([tar(good), Buffer.alloc(512, "x")]),
    says: "there is data after the end of the tar archive",
  },
  {
    what: "a member between the two blocks of the end",
    bytes: Buffer.concat([good, endMarker.subarray(512), tar(file("b"))]),
    says: "there is data after the end of the tar archive",
  },
  {
    what: "pixz's list with an empty name in the place of the end",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 0 }, 512)]),
    says: "the tar archive breaks off",
    code: "archive-corrupt",
  },
  {
    what: "pixz's list with a place outside of the archive",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 10_752 }, 10_240)]),
    says: "the list of members that pixz wrote behind the tar archive is malformed",
  },
  {
    what: "pixz's list with a place that is no header's",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 100 }, 10_240)]),
    says: "behind the tar archive is malformed",
  },
  {
    what: "pixz's list with places out of order",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 0, "./include/": 0 }, 10_240)]),
    says: "behind the tar archive is malformed",
  },
  {
    what: "pixz's list with a name over the limit",
    bytes: Buffer.concat([tar(good), pixzList({ ["n".repeat(800)]: 0 }, 10_240)]),
    says: "behind the tar archive is malformed",
  },
  {
    what: "pixz's list with data after it",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 0 }, 10_240), Buffer.from("x")]),
    says: "there is data after the end of the tar archive",
  },
  {
    what: "pixz's list that is cut off",
    bytes: Buffer.concat([tar(good), pixzList({ "./": 0 }, 10_240).subarray(0, -1)]),
    says: "the tar archive breaks off",
    code: "archive-corrupt",
  },
  { what: "no end", bytes: good, says: "the tar archive breaks off after", code: "archive-corrupt" },
  {
    what: "half an end",
    bytes: Buffer.concat([good, endMarker.subarray(512)]),
    says: "breaks off",
    code: "archive-corrupt",
  },
  {
    what: "an end in the middle of content",
    bytes: tar(file("a", "content")).subarray(0, 515),
    says: "the tar archive breaks off after 515 bytes",
    code: "archive-corrupt",
  },
  {
    what: "nothing at all",
    bytes: Buffer.alloc(0),
    says: "breaks off after 0 bytes",
    code: "archive-corrupt",
  },
  {
    what: "a wrong checksum",
    bytes: withHeader(member({ name: "a", checksum: "000000\0 " })),
    says: "there is no tar header at byte 2048",
    code: "archive-corrupt",
  },
  {
    what: "text",
    bytes: Buffer.alloc(1_024, "text "),
    says: "no tar header at byte 0",
    code: "archive-corrupt",
  },
  {
    what: "a size that is not octal",
    bytes: withHeader(member({ name: "a", size: "12x45678901\0" })),
    says: '"a" has a header with a number that is not octal',
  },
  {
    what: "a size of spaces",
    bytes: withHeader(member({ name: "a", size: " ".repeat(12) })),
    says: '"a" has a header with a number that is not octal',
  },
  {
    what: "a binary size",
    bytes: withHeader(
      Buffer.concat([
        patched(header({ name: "a" }), 124, Buffer.from("800000000000000000000200", "hex")),
        Buffer.alloc(512),
      ]),
    ),
    says: '"a" has a header with a number that is not octal',
  },
  {
    what: "a negative size",
    bytes: withHeader(patched(header({ name: "a" }), 124, Buffer.alloc(12, 0xff))),
    says: '"a" has a header with a number that is not octal',
  },
  {
    what: "a mode that is not octal",
    bytes: withHeader(member({ name: "a", mode: "rw-r--r-" })),
    says: '"a" has a header with a number that is not octal',
  },
  {
    what: "a format that is neither POSIX nor GNU",
    bytes: withHeader(member({ name: "a", format: "\0".repeat(8) })),
    says: '"a" is in a tar format that is neither POSIX nor GNU',
  },
];

describe.each([
  ["names", names],
  ["long names", longNames],
  ["types", types],
  ["pax headers", paxHeaders],
  ["links", links],
  ["shapes", shapes],
  ["streams", streams],
])("refuses, in %s,", (_, cases) => {
  it.each(cases)("$what", ({ bytes, says, code, options }) => {
    const error = refusal(bytes, options);
    expect(error.message).toContain(says);
    expect(error.code).toBe(code ?? "archive-refused");
    expect(error.exitStatus).toBe(7);
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });
});

describe("what makes those archives hostile", () => {
  it("is what was added: without it they are accepted", () => {
    expect(readTar(tar(good)).map((entry) => entry.path)).toEqual(["include", "include/a.h"]);
  });

  it("is refused however the bytes come", () => {
    for (const pieces of [1, 7, 511, 513]) {
      expect(refusal(withHeader(file("../x")), { pieces }).message).toContain('"../x" leads out of the tree');
    }
  });
});
