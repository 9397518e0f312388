import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { readRepositoryFile, repositoryFiles } from "../../support/repository.js";

const files = repositoryFiles();
const pages = files.filter((file) => file.endsWith(".md"));

describe("links in the docs", () => {
  it("would be found broken", () => {
    expect(brokenLinks("README.md", "[a](docs/nowhere.md) [b](#nowhere) [c](https://example.org)")).toEqual([
      "docs/nowhere.md",
      "#nowhere",
    ]);
    expect(anchorsOf("# `pull --all`: many\n## Who, *what* 1.2\n```\n# no heading\n```")).toEqual([
      "pull---all-many",
      "who-what-12",
    ]);
  });

  it.each(pages)("lead somewhere: %s", (page) => {
    expect(brokenLinks(page, readRepositoryFile(page))).toEqual([]);
  });
});

/** The links to files and headings of this repository that lead nowhere. */
function brokenLinks(page: string, markdown: string): string[] {
  const targets = Array.from(markdown.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target);
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : posix.join(posix.dirname(page), path);
    if (!files.includes(file) && !files.some((one) => one.startsWith(`${file.replace(/\/$/, "")}/`)))
      return true;
    return (
      anchor !== undefined && !anchorsOf(file === page ? markdown : readRepositoryFile(file)).includes(anchor)
    );
  });
}

/** The names that GitHub gives to a page's headings. */
function anchorsOf(markdown: string): string[] {
  const withoutCode = markdown.replaceAll(/^```[\s\S]*?^```/gm, "");
  return Array.from(withoutCode.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );
}
