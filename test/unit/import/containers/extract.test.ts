import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  checkSize,
  extractWith,
  listWith,
  withFirstInstalled,
} from "../../../../host/import/containers/extract.js";
import { importLimits } from "../../../../host/import/limits.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { folderWith } from "../../../support/import-files.js";

const { signal } = new AbortController();
const shell = { program: "sh", package: "dash" };

test("a program that writes more than it may is ended", async () => {
  const folder = temporaryFolder();
  const forever = `while sleep 0.02; do head -c 65536 /dev/zero >> ${folder}/file; done`;
  const limits = { ...importLimits, extractedBytes: 256 * 1024 };
  await expect(extractWith(shell, ["-c", forever], folder, { signal, limits })).rejects.toMatchObject({
    code: "file-refused",
    message: "The file is refused: what is in it is over the limit of 262,144 bytes.",
  });
  const { size } = statSync(join(folder, "file"));
  expect(size).toBeGreaterThan(256 * 1024);
});

test("what a program has written in the end is measured as well", async () => {
  const folder = temporaryFolder();
  const limits = { ...importLimits, members: 2 };
  await expect(
    extractWith(shell, ["-c", `touch ${folder}/a ${folder}/b ${folder}/c`], folder, { signal, limits }),
  ).rejects.toMatchObject({ message: expect.stringContaining("over the limit of 2 files") });
  expect(() => checkSize(folderWith({ one: "1", "folder/two": "2" }))).not.toThrow();
});

test("a list has a bound", async () => {
  await expect(listWith(shell, ["-c", "exec yes"], { signal })).rejects.toMatchObject({
    code: "file-refused",
  });
});

test("if no program is installed, all packages that have one are named", async () => {
  const openers = [
    { program: "no-such-program", package: "one" },
    { program: "no-other-program", package: "two" },
  ];
  const use = (opener: (typeof openers)[number]) => listWith(opener, [], { signal });
  await expect(withFirstInstalled(openers, use)).rejects.toMatchObject({
    code: "tool-missing",
    message: "neither no-such-program nor no-other-program was found, to open it with",
    hint: "Install one; on Debian: apt install one or two",
  });
  const found = await withFirstInstalled([...openers, shell], (opener) =>
    listWith(opener, ["-c", "echo yes"], { signal }),
  );
  expect(found).toBe("yes\n");
});
