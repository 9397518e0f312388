import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryFiles } from "../../support/repository.js";

/** A folder with more files has more than one reason to exist. */
const maxFiles = 14;
/** The file that may lie right in host/: the library. */
const faces = ["host/index.ts"];
/** Folders of unit tests that mirror no folder: what they test is not in one file, or not in a file that is shipped. */
const notMirrored = /^test\/unit\/(promises|structure|docs|lab|bench)\//;

const files = repositoryFiles();

describe("the folders", () => {
  it(`hold ${maxFiles} files at most`, () => {
    expect(crowdedFolders(files.filter((file) => file.startsWith("host/")))).toEqual([]);
  });

  it("leave no file loose in host/ but the faces", () => {
    expect(looseFiles(files)).toEqual([]);
  });

  it("have the test of host/a/b.ts at test/unit/a/b.test.ts", () => {
    expect(testsOfNothing(files)).toEqual([]);
  });

  it("would be found wrong", () => {
    const many = Array.from({ length: maxFiles + 1 }, (_, index) => `host/pull/file-${index}.ts`);
    expect(crowdedFolders(["host/adb/shell.ts", ...many])).toEqual([`host/pull: ${maxFiles + 1} files`]);
    expect(looseFiles(["host/index.ts", "host/pull.ts", "host/pull/pull.ts"])).toEqual(["host/pull.ts"]);
    const tests = ["test/unit/pull/pull.test.ts", "test/unit/pull.test.ts", "test/unit/docs/links.test.ts"];
    expect(testsOfNothing(["host/pull/pull.ts", ...tests])).toEqual(["test/unit/pull.test.ts"]);
  });
});

function crowdedFolders(all: readonly string[]): string[] {
  return [...new Set(all.map(dirname))]
    .map((folder) => ({ folder, count: all.filter((file) => dirname(file) === folder).length }))
    .filter(({ count }) => count > maxFiles)
    .map(({ folder, count }) => `${folder}: ${count} files`);
}

function looseFiles(all: readonly string[]): string[] {
  return all.filter((file) => dirname(file) === "host" && !faces.includes(file));
}

function testsOfNothing(all: readonly string[]): string[] {
  return all.filter((file) => {
    const tested = /^test\/unit\/(.+)\.test\.ts$/.exec(file)?.[1];
    if (tested === undefined || notMirrored.test(file)) return false;
    return ![`host/${tested}.ts`, `${tested}.ts`, `${tested}.sh`, tested].some((path) => all.includes(path));
  });
}
