import { readRepositoryFile, repositoryFiles } from "./repository.js";
import { isThorough } from "./thorough.js";

/** A command that a page shows, at a `$` in a block of the language `console`. */
export interface DocExample {
  readonly page: string;
  readonly command: string;
}

/** Why an example is not run by the tests: by how its command begins. */
export const notRun: Readonly<Record<string, string>> = {
  "./scripts/": "these run the tests, or boot a device beside that of the tests",
  "fastboot ": "takes the bootloader of a real device",
  "kheaders import https:": "takes a file from the internet",
  "kheaders import ~/linux/out": "takes a kernel's build; test/e2e/store/lab.test.ts imports one for a store",
  "kheaders import system_dlkm.img": "takes files that a vendor publishes",
  "kheaders module ./hello --kbuild": "test/e2e/kbuild.test.ts builds with a kernel's source",
  "kheaders store push --all --store": "the registry is not there; test/e2e/store/ has one",
  "kheaders store ls --store": "the registry is not there; test/e2e/store/ has one",
  "kheaders store pull 3f786850e387": "the stick is not there; test/e2e/store/pull.test.ts has a folder",
  "kheaders store verify --store": "the stick is not there; test/e2e/store/pull.test.ts has a folder",
  "npm ci": "would install the packages that the tests are using",
  "npm install -g": "test/e2e/package.test.ts installs the package, into a folder of its own",
  "npm pack": "test/e2e/package.test.ts packs",
  "npm run lab": "the tests use the lab without its command line",
};

/** Examples that take long and are run in another form by the tests, which `./scripts/test --all` runs as they stand. */
export const runInAnotherForm: Readonly<Record<string, string>> = {
  "kheaders check": "kheaders check, by test/e2e/bpf-on-device.test.ts",
  "kheaders check --json | jq 'select(.error)'": "kheaders check --json, by test/e2e/compile.test.ts",
  "kheaders import kheaders.tar.xz": "kheaders import kheaders.tar.xz --json",
  "kheaders import --json kheaders.tar.xz | jq .found": "kheaders import kheaders.tar.xz --json",
};

/** Pages whose examples need something that not all machines have; a test of their own runs them. */
export const pagesWithTests: Readonly<Record<string, string>> = {
  "docs/file-system-view.md": "test/e2e/file-system-view.test.ts",
};

export const pages = repositoryFiles().filter((file) => file.endsWith(".md"));

export function docExamples(page: string): DocExample[] {
  return examplesIn(readRepositoryFile(page)).map((command) => ({ page, command }));
}

export function examplesIn(markdown: string): string[] {
  return blocksIn(markdown)
    .filter(({ language }) => language === "console")
    .flatMap(({ text }) => Array.from(text.matchAll(/^\$ (.+)$/gm), ([, command = ""]) => command));
}

export function blocksIn(markdown: string): { language: string; text: string }[] {
  const blocks = markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return Array.from(blocks, ([, language = "", text = ""]) => ({ language, text }));
}

/** Why this command is not run, or undefined if it is. */
export function reasonNotToRun(command: string): string | undefined {
  const otherForm = runInAnotherForm[command];
  if (otherForm !== undefined && !isThorough) return `left to ./scripts/test --all; run as: ${otherForm}`;
  return Object.entries(notRun).find(([beginning]) => command.startsWith(beginning))?.[1];
}
