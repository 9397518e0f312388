import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  checkLinkTarget,
  copyOutput,
  outputTarget,
  updateLink,
  writeOutput,
} from "../../../host/user-files/output.js";
import { archiveOf, temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { watchWrites } from "../../support/cache-writes.js";
import { skipWhen } from "../../support/skip.js";

const isOrdinary = becomeOrdinaryUser();

async function pulled() {
  const archive = archiveOf();
  const opened = await pullInto(temporaryCache(), {
    identity: kernel(),
    serial: "serial",
    archive: () => archive,
  });
  return { ...opened, sent: archive };
}

function setUmask(umask: number): void {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
}

test("the archive is kept as it came, in the place of an older one", async () => {
  setUmask(0o027);
  const opened = await pulled();
  const folder = temporaryFolder();
  const file = path.join(folder, "kheaders.tar.xz");
  writeFileSync(file, "older");
  copyOutput(opened.archive, file);
  expect(readFileSync(file)).toEqual(opened.sent.bytes);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  const link = path.join(folder, "link");
  symlinkSync("kheaders.tar.xz", link);
  writeFileSync(file, "older");
  copyOutput(opened.archive, link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file)).toEqual(opened.sent.bytes);
  expect(readdirSync(folder).sort()).toEqual(["kheaders.tar.xz", "link"]);
});

test("the archive is not kept in the place of what is not a regular file", async () => {
  const opened = await pulled();
  for (const target of [temporaryFolder(), "/dev/null"]) {
    const error = {
      code: "output-failed",
      message: `cannot write ${target}: it exists and is not a regular file`,
    };
    expect(() => outputTarget(target)).toThrow(expect.objectContaining(error));
    expect(() => copyOutput(opened.archive, target)).toThrow(expect.objectContaining(error));
  }
});

test("a link is made, and moved to another tree at once", async () => {
  const link = path.join(temporaryFolder(), "headers");
  updateLink(link, "/first");
  expect(readlinkSync(link)).toBe("/first");
  updateLink(link, "/second");
  expect(readlinkSync(link)).toBe("/second");
  expect(readdirSync(path.dirname(link))).toEqual(["headers"]);
});

test("a link never replaces what is not a link", (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const file = path.join(temporaryFolder(), "headers");
  writeFileSync(file, "mine");
  expect(() => updateLink(file, "/tree")).toThrow(
    expect.objectContaining({
      code: "output-failed",
      message: expect.stringContaining("not a symbolic link"),
    }),
  );
  expect(readFileSync(file, "utf8")).toBe("mine");
  const closed = path.join(temporaryFolder(), "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o555);
  expect(() => updateLink(path.join(closed, "headers"), "/tree")).toThrow(
    expect.objectContaining({ code: "output-failed" }),
  );
  expect(existsSync(path.join(closed, "headers"))).toBe(false);
});

test.each([
  ["below a folder that does not exist", "nowhere/output", "no such file or directory"],
  ["below a file", "file/output", "not a directory"],
  ["with a name that is too long", "x".repeat(300), "name too long"],
])(
  "an output %s is refused before anything is made, without a name that the user did not give",
  (_, name, reason) => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "file"), "");
    const output = path.join(folder, name);
    const error = { code: "output-failed", message: `cannot write ${output}: ${reason}` };
    expect(() => outputTarget(output)).toThrow(expect.objectContaining(error));
    expect(() => checkLinkTarget(output)).toThrow(expect.objectContaining(error));
    expect(() => writeOutput(Buffer.from("new"), output)).toThrow(expect.objectContaining(error));
    expect(() => updateLink(output, "/tree")).toThrow(expect.objectContaining(error));
    expect(readdirSync(folder)).toEqual(["file"]);
  },
);

test("an output in a folder that may not be written is refused before anything is made", (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const closed = path.join(temporaryFolder(), "closed");
  mkdirSync(closed);
  writeFileSync(path.join(closed, "old"), "");
  chmodSync(closed, 0o555);
  for (const name of ["old", "new"]) {
    const output = path.join(closed, name);
    expect(() => outputTarget(output)).toThrow(
      expect.objectContaining({ message: `cannot write ${output}: permission denied` }),
    );
  }
});

test("a full disk is told as such, and what was there stays", () => {
  const output = path.join(temporaryFolder(), "output");
  writeFileSync(output, "old");
  const stop = watchWrites(({ needsSpace }) => {
    if (needsSpace) throw Object.assign(new Error("ENOSPC: no space, write"), { code: "ENOSPC" });
  });
  onTestFinished(stop);
  expect(() => writeOutput(Buffer.from("new"), output)).toThrow(
    expect.objectContaining({ code: "disk-full", message: `cannot write ${output}: no space left` }),
  );
  stop();
  expect(readFileSync(output, "utf8")).toBe("old");
  expect(readdirSync(path.dirname(output))).toEqual(["output"]);
});

test("a FIFO in the place of the archive is not waited for", () => {
  const folder = temporaryFolder();
  execFileSync("mkfifo", [path.join(folder, "archive")]);
  expect(() => copyOutput(path.join(folder, "archive"), path.join(folder, "copy"))).toThrow(
    expect.objectContaining({ code: "output-failed", message: expect.stringContaining("damaged") }),
  );
  expect(readdirSync(folder)).toEqual(["archive"]);
});
