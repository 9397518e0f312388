import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { archiveLimits } from "../../../host/archive/limits.js";
import { readArchive } from "../../../host/archive/read.js";
import type { Member } from "../../../host/archive/reader.js";
import { kept, readTar, readTarWithWarnings } from "../../support/read-tar.js";
import {
  file,
  folder,
  gnuLong,
  link,
  member,
  pax,
  pixzList,
  posixFormat,
  tar,
} from "../../support/tar-builder.js";
import { inPieces, xz } from "../../support/xz.js";

const text = (entry: Member) =>
  entry.type === "file" ? { ...entry, content: Buffer.from(entry.content).toString() } : entry;

describe("an archive that GNU tar made", () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const path of folders) rmSync(path, { recursive: true });
  });

  /** A small tree with all that archives of kernels have. */
  function makeTree(): string {
    const root = mkdtempSync(join(tmpdir(), "kheaders-archive-"));
    folders.push(root);
    const long = `arch/arm64/include/${"generated-".repeat(10)}folder/${"long-".repeat(30)}name.h`;
    const files = {
      "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.0"\n',
      "include/uapi/linux/input-event-codes.h": "#define EV_SYN 0\n",
      "include/linux/netfilter/xt_MARK.h": "upper",
      "include/linux/netfilter/xt_mark.h": "lower",
      "include/empty.h": "",
      "include/large.h": "0123456789abcdef".repeat(20_000),
      "scripts/Gr\u00fc\u00dfe \u{1f427}.sh": "#!/bin/sh\n",
      [long]: "long\n",
      // GNU tar cuts this name within a character, in the header that its long name belongs to.
      [`scripts/${"\u00e9".repeat(110)}.h`]: "",
    };
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
      chmodSync(join(root, path), path.endsWith(".sh") ? 0o755 : 0o644);
    }
    mkdirSync(join(root, "include/dt-bindings/input"), { recursive: true });
    mkdirSync(join(root, "empty-folder"));
    symlinkSync(
      "../../uapi/linux/input-event-codes.h",
      join(root, "include/dt-bindings/input/linux-event-codes.h"),
    );
    symlinkSync("../arch/mips/boot/dts", join(root, "include/dangling"));
    symlinkSync(`../${long}`, join(root, "include/to-long"));
    return root;
  }

  /** What is in a folder, as entries; folders before what lies in them. */
  function entriesOf(root: string, path = ""): Member[] {
    return readdirSync(join(root, path)).flatMap((name): Member[] => {
      const inner = path === "" ? name : `${path}/${name}`;
      const status = lstatSync(join(root, inner));
      if (status.isDirectory()) return [{ type: "folder", path: inner }, ...entriesOf(root, inner)];
      if (status.isSymbolicLink()) {
        return [{ type: "link", path: inner, target: readlinkSync(join(root, inner)) }];
      }
      const executable = (status.mode & 0o100) !== 0;
      return [{ type: "file", path: inner, executable, content: readFileSync(join(root, inner)) }];
    });
  }

  const byPath = (entries: Member[]) => new Map(entries.map((entry) => [entry.path, text(entry)]));

  it.each(["gnu", "ustar", "posix"])("gives the tree that tar packed, in the format %s", async (format) => {
    const root = makeTree();
    if (format !== "gnu") {
      // ustar cannot hold the long names; POSIX's way with long and foreign names, a pax header, is not accepted.
      rmSync(join(root, "include/to-long"));
      rmSync(join(root, "arch"), { recursive: true });
      rmSync(join(root, "scripts"), { recursive: true });
    }
    const packed = execFileSync("tar", [
      `--format=${format}`,
      "--owner=0",
      "--group=0",
      "--sort=name",
      "--numeric-owner",
      "-C",
      root,
      "-cf",
      "-",
      ".",
    ]);
    const options = { limits: archiveLimits, caseInsensitive: false };
    const entries: Member[] = [];
    for await (const batch of readArchive(inPieces(xz(packed)), options)) entries.push(...batch.map(kept));
    expect(byPath(entries)).toEqual(byPath(entriesOf(root)));
  });
});

describe("accepts", () => {
  it("executable bits, and tells them from the other permissions", () => {
    const entries = readTar(tar(file("a", "", 0o755), file("b", "", 0o644), file("c", "", 0o655)));
    expect(entries.map((entry) => entry.type === "file" && entry.executable)).toEqual([true, false, false]);
  });

  it("three relative links, one of them dangling, one through another", () => {
    const links = [link("include/a", "../arch"), link("b", "include/a/x"), link("include/c", "./not/there")];
    expect(
      readTar(tar(folder("include"), folder("arch"), ...links)).filter(({ type }) => type === "link"),
    ).toEqual([
      { type: "link", path: "include/a", target: "../arch" },
      { type: "link", path: "b", target: "include/a/x" },
      { type: "link", path: "include/c", target: "./not/there" },
    ]);
  });

  it("GNU long names and long link targets", () => {
    const path = `${"d".repeat(120)}/${"n".repeat(120)}`;
    const target = `${"t".repeat(120)}/${"u".repeat(120)}`;
    const entries = readTar(tar(file(path, "x"), link(`${path}.link`, target)));
    expect(entries.map((entry) => entry.path)).toEqual(["d".repeat(120), path, `${path}.link`]);
    expect(entries.at(-1)).toMatchObject({ target });
  });

  it("paths of just the limit, which tar writes with more around them", () => {
    const path = `${`${"d".repeat(191)}/`.repeat(3)}${"n".repeat(192)}`;
    expect(Buffer.byteLength(path)).toBe(archiveLimits.pathBytes);
    expect(readTar(tar(folder(`./${path}/`))).at(-1)).toEqual({ type: "folder", path });
    expect(readTar(tar(file(`./${path}`))).at(-1)).toMatchObject({ type: "file", path });
  });

  it("names in the two parts of POSIX headers", () => {
    const entries = readTar(
      tar(member({ name: "name.h", prefix: "include/linux", format: posixFormat }, "x")),
    );
    expect(entries.map((entry) => entry.path)).toEqual(["include", "include/linux", "include/linux/name.h"]);
  });

  it("names of exactly 100 bytes, which end without a NUL", () => {
    const path = "n".repeat(100);
    expect(readTar(tar(member({ name: path }))).map((entry) => entry.path)).toEqual([path]);
  });

  it("pax headers that change nothing in the tree", () => {
    const times = pax({ mtime: "1600000000.5", atime: "1", ctime: "1", comment: "a\nb=c" });
    const owner = pax({ uid: "0", gid: "0", uname: "root", gname: "root" }, "g");
    expect(readTar(tar(owner, times, gnuLong("L", "long"), file("short", "x"))).map(text)).toEqual([
      { type: "file", path: "long", executable: false, content: "x" },
    ]);
  });

  it("names that differ in case alone, where case counts", () => {
    expect(readTar(tar(file("xt_MARK.h"), file("xt_mark.h")))).toHaveLength(2);
  });

  it("folders that are given after what lies in them, and then only once", () => {
    const entries = readTar(tar(file("a/b/c"), folder("a/b/"), folder("a")));
    expect(entries.map((entry) => entry.path)).toEqual(["a", "a/b", "a/b/c"]);
  });

  it("a tar archive that ends right after its two blocks of zeros", () => {
    expect(readTar(tar(file("a")).subarray(0, 512 + 1_024))).toHaveLength(1);
  });

  it("exactly as much as the limits allow", () => {
    const bytes = tar(file("a", Buffer.alloc(1_000)), link("b", "a"));
    const limits = {
      members: 2,
      fileBytes: 1_000,
      unpackedBytes: bytes.length,
      links: 1,
      pathBytes: 1,
      allPathBytes: 3,
      depth: 1,
    };
    expect(readTar(bytes, { limits })).toHaveLength(2);
  });

  it.each([
    ["set-group-id on the root, as a shared build folder hands it down", folder("./", 0o2755)],
    ["set-group-id on a folder", folder("include", 0o2775)],
    ["sticky on a folder", folder("include", 0o1777)],
    ["every bit on a file", file("include/b.h", "", 0o7777)],
  ])("%s, and drops the bits", (_, odd) => {
    const members = readTar(tar(odd, file("include/a.h")));
    const types = members.map(({ type, path }) => `${type} ${path}`);
    expect(types).toEqual(expect.arrayContaining(["folder include", "file include/a.h"]));
    expect(members.every((made) => !("mode" in made))).toBe(true);
  });

  it("a pax header with what GNU tar keeps of access lists and SELinux", () => {
    const label = pax({ "RHT.security.selinux": "system_u:object_r:user_home_t:s0" });
    const acl = pax({ "SCHILY.acl.access": "user::rw-", "SCHILY.acl.default": "user::rw-" });
    expect(readTar(tar(label, file("a.h"), acl, file("b.h")))).toHaveLength(2);
  });
});

describe("links to headers outside of the source tree", () => {
  const vendorLink = (name: string) => link(`include/linux/${name}`, `../../../../vendor/cpu/${name}`);
  const headers = ["a.h", "b.h", "c.h", "d.h"].map((name) => file(`include/linux/${name}`));

  it("are left out, and the user is told of it", () => {
    const { members, warnings } = readTarWithWarnings(tar(...headers, vendorLink("task_stats.h")));
    expect(members.map(({ path }) => path)).toEqual([
      "include",
      "include/linux",
      ...["a.h", "b.h", "c.h", "d.h"].map((name) => `include/linux/${name}`),
    ]);
    expect(warnings).toEqual([
      "left out of the headers: include/linux/task_stats.h (it is a link out of the kernel's source tree)",
    ]);
  });

  it("are all told of in one warning", () => {
    const links = ["v.h", "w.h", "x.h"].map(vendorLink);
    const renamed = link("include/linux/y.h", "/vendor/y-v2.h");
    expect(readTarWithWarnings(tar(...headers, ...links, renamed)).warnings).toEqual([
      "left out of the headers: include/linux/v.h, include/linux/w.h, include/linux/x.h and 1 more (they are links out of the kernel's source tree)",
    ]);
  });

  it("may be what other links in the tree lead to", () => {
    const links = [vendorLink("v.h"), link("include/linux/w.h", "v.h")];
    const { members } = readTarWithWarnings(tar(...headers, ...links));
    expect(members.at(-1)).toEqual({ type: "link", path: "include/linux/w.h", target: "v.h" });
  });

  it("are not there in an ordinary archive", () => {
    expect(readTarWithWarnings(tar(...headers)).warnings).toEqual([]);
  });
});

describe("the list of members that pixz writes behind the tar archive", () => {
  const archive = tar(folder("./"), file("./a.h"), file("./b.h"));
  const list = pixzList({ "./": 0, "./a.h": 512, "./b.h": 1_024 }, archive.length);

  it("is passed over, however the bytes come", () => {
    for (const pieces of [1, 7, 512, 65_536]) {
      expect(readTar(Buffer.concat([archive, list]), { pieces })).toHaveLength(2);
    }
  });

  it("may lack names, and members that pixz leaves out", () => {
    for (const places of [{ "": 0 }, { "./b.h": 1_024 }]) {
      expect(readTar(Buffer.concat([archive, pixzList(places, archive.length)]))).toHaveLength(2);
    }
  });

  it("comes in a block of its own, as pixz compresses it", async () => {
    const [one, other] = [xz(archive, "--check=crc32"), xz(list, "--check=crc32")];
    const members: Member[] = [];
    const options = { limits: archiveLimits, caseInsensitive: false };
    for await (const batch of readArchive(inPieces(Buffer.concat([one, other])), options))
      members.push(...batch);
    expect(members).toHaveLength(2);
  });
});

it("gives the same members however the bytes come", () => {
  const bytes = tar(
    folder("./"),
    file("a/\u00e9.h", "x".repeat(1_500)),
    file("\u{1f427}".repeat(40), "y"),
    link("l", "a"),
  );
  const whole = readTar(bytes).map(text);
  expect(whole).toHaveLength(4);
  for (const pieces of [1, 13, 511, 512, 513, 1_024]) {
    expect(readTar(bytes, { pieces }).map(text)).toEqual(whole);
  }
});
