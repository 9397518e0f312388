import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { RetriesReporter } from "./test/support/retries-reporter.js";

/** What ends the name of a module whose content is a file's text: vitest makes nothing of a name that ends with .css. */
const asText = ".text";

/** Lets tests import the agent, and the style and script of pages, as text, as the build does. */
const filesAsText = {
  name: "files-as-text",
  enforce: "pre" as const,
  resolveId(source: string, importer: string | undefined) {
    return importer !== undefined && /\.(sh|css|client\.js)$/.test(source)
      ? resolve(dirname(importer), source) + asText
      : undefined;
  },
  load(id: string) {
    return id.endsWith(asText)
      ? `export default ${JSON.stringify(readFileSync(id.slice(0, -asText.length), "utf8"))};`
      : undefined;
  },
};

export default defineConfig({
  plugins: [filesAsText],
  test: {
    // CommonJS packages look as they do in Node and in the build.
    deps: { interopDefault: false },
    // Most tests wait for processes: by default vitest leaves a core idle.
    maxWorkers: availableParallelism(),
    setupFiles: ["test/support/every-file.ts"],
    reporters: ["default", new RetriesReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          globalSetup: ["test/support/build-worker.ts", "test/support/memory-files.ts"],
          // It only ends what hangs: a machine may be busy with other things.
          testTimeout: 120_000,
          // A process for each of the files would take as long as half of the tests.
          isolate: false,
          // Some wait for seconds, until an agent's time limit is over.
          maxWorkers: availableParallelism() + 1,
        },
      },
      {
        extends: true,
        test: {
          name: "fuzz",
          include: ["test/fuzz/**/*.fuzz.ts"],
          globalSetup: ["test/support/build-worker.ts"],
          testTimeout: 0,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/fault-table-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
