import { describe, expect, it } from "vitest";
import {
  blocksIn,
  docExamples,
  examplesIn,
  notRun,
  pages,
  pagesWithTests,
  runInAnotherForm,
} from "../../support/doc-examples.js";
import { readRepositoryFile, repositoryFiles } from "../../support/repository.js";

describe("examples in the docs", () => {
  it("are the lines at a $ in blocks of the language console", () => {
    expect(examplesIn("```console\n$ a b\nout\n$ c\n```\n\n```sh\n$ d\n```\n")).toEqual(["a b", "c"]);
  });

  it.each(pages)("are all where test/e2e/docs.test.ts finds them: %s", (page) => {
    const others = blocksIn(readRepositoryFile(page)).filter(({ language }) => language !== "console");
    expect(
      others.filter(({ text }) => /^\s*(\$ )?(kheaders|adb|npm|\.\/scripts\/\w+)( |$)/m.test(text)),
    ).toEqual([]);
  });

  it.each(pages)("stand alone: the programs in %s are files in docs/examples", (page) => {
    const programs = blocksIn(readRepositoryFile(page)).filter(({ language }) => /^(c|js)$/.test(language));
    const files = repositoryFiles().filter((file) => file.startsWith("docs/examples/"));
    const known = files.map(readRepositoryFile);
    expect(programs.filter(({ text }) => !known.includes(text))).toEqual([]);
  });

  it("are run, but for those that are listed with a reason", () => {
    const commands = pages.flatMap((page) => docExamples(page)).map(({ command }) => command);
    const unused = Object.keys(notRun).filter(
      (beginning) => !commands.some((one) => one.startsWith(beginning)),
    );
    expect(unused).toEqual([]);
    expect(commands).toEqual(expect.arrayContaining(Object.keys(runInAnotherForm)));
    for (const [page, test] of Object.entries(pagesWithTests)) {
      expect(repositoryFiles()).toContain(test);
      expect(readRepositoryFile(test)).toContain(page);
    }
    expect(commands.filter((command) => command.startsWith("kheaders ")).length).toBeGreaterThan(30);
  });
});

describe("messages in docs/troubleshooting.md", () => {
  const source = repositoryFiles()
    .filter((file) => /^(host|shared)\/.*\.ts$/.test(file))
    .map(readRepositoryFile)
    .join("");
  const rows = readRepositoryFile("docs/troubleshooting.md").matchAll(
    /^\| (?:[^|]*?)[`"]([^|`"]+)[`"] +\|/gm,
  );

  it.each(Array.from(rows, ([, message = ""]) => message))("are still printed: %s", (message) => {
    expect(source).toContain(message);
  });
});

describe("docs/library.md", () => {
  it("has all functions of the library", () => {
    const index = readRepositoryFile("host/index.ts");
    const exported = [
      ...Array.from(index.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm), ([, name = ""]) => name),
      ...Array.from(index.matchAll(/^export \{([^}]*)\}/gm), ([, names = ""]) => names.split(",")).flat(),
    ].map((name) => name.trim());
    const values = exported.filter((name) => name !== "" && !name.startsWith("type "));
    expect(values.length).toBeGreaterThan(30);
    const page = readRepositoryFile("docs/library.md");
    expect(values.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
