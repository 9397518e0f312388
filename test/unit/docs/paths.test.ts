import { describe, expect, it } from "vitest";
import { readRepositoryFile, repositoryFiles } from "../../support/repository.js";

const files = repositoryFiles();
const pages = files.filter((file) => file.endsWith(".md"));
/** Where a path may begin: the repository's folder, or host/. */
const starts = ["", "host/"];
const folders = new Set(
  files.flatMap((file) => file.split("/").map((_, index, names) => `${names.slice(0, index).join("/")}/`)),
);

describe("paths of source files in the docs", () => {
  it("are found", () => {
    expect(
      pathsIn("`host/pull.ts`, `cache/`, `include/linux/sched.h`, `adb/no/shell.ts` and `a b.ts`"),
    ).toEqual(["host/pull.ts", "cache/", "adb/no/shell.ts"]);
    expect(["host/pull.ts", "adb/shell.ts", "host/adb/", "adb/shell/"].map(exists)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each(pages)("exist: %s", (page) => {
    expect(pathsIn(readRepositoryFile(page)).filter((path) => !exists(path))).toEqual([]);
  });
});

/** What stands in backticks and looks like a path of this repository. */
function pathsIn(markdown: string): string[] {
  return Array.from(markdown.matchAll(/`([^`\n]+)`/g), ([, code = ""]) => code).filter((code) => {
    if (!/^[\w.-]+(\/[\w.-]+)*\/?$/.test(code)) return false;
    const [first = ""] = code.split("/");
    const isOurs = starts.some((start) => folders.has(`${start}${first}/`));
    return (code.includes("/") && isOurs) || /\.(ts|sh)$/.test(code);
  });
}

function exists(path: string): boolean {
  return starts.some((start) => files.includes(start + path) || folders.has(start + path));
}
