import type { Command } from "commander";
import { exitStatusOf, KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import { type CacheEntry, cacheDir, type RemovedTree } from "../../../cache/index.js";
import { openCacheOf } from "../../options/cache.js";
import type { GlobalFlags } from "../../options/global.js";
import { table } from "../../report/table.js";
import { formatAge, formatBytes, parseBytes, parseDuration } from "../../report/units.js";
import { printJson, printLine, runCommand } from "../../run.js";

/** How much of a digest tells two archives apart, for people. */
const shownDigest = 12;

export function addCache(program: Command): void {
  const cache = program
    .command("cache")
    .description("look at the cache, check it, and remove from it")
    .addHelpText(
      "after",
      `
Examples:
  $ kheaders cache ls
  $ kheaders cache verify
  $ kheaders cache prune --max-size 5GB --older-than 30d
  $ kheaders cache rm 3f786850e387`,
    );
  addLs(cache);
  addInfo(cache);
  addVerify(cache);
  addPrune(cache);
  addRm(cache);
  addDir(cache);
}

function addLs(cache: Command): void {
  cache
    .command("ls")
    .description("list the cached kernels, those pulled last first")
    .addHelpText("after", "\nExample:\n  $ kheaders cache ls --json | jq -r .kernel.release")
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await runCommand(flags, async () => {
        const { kernels, apart } = await (await openCacheOf(flags)).list();
        if (flags.json) {
          for (const kernel of kernels) {
            const { entry, stats, lastUse, serials } = kernel;
            printJson({ ...entry, stats: stats ?? null, lastUse, serials });
          }
          for (const tree of apart) printJson({ ...tree, kernel: null });
          return undefined;
        }
        const now = Date.now();
        const rows = kernels.map(({ entry, stats, lastUse, serials }) => [
          entry.digest.slice(0, shownDigest),
          entry.kernel.fingerprint,
          entry.kernel.release,
          entry.kernel.version,
          entry.kernel.machine,
          formatBytes(entry.bytes + (stats?.unpackedBytes ?? 0)),
          formatAge(now - entry.created.getTime()),
          formatAge(now - lastUse.getTime()),
          serials.join(","),
        ]);
        for (const tree of apart) {
          const size = formatBytes(tree.bytes + tree.unpackedBytes);
          const used = formatAge(now - tree.lastUse.getTime());
          rows.push([tree.digest.slice(0, shownDigest), "(kept apart)", "", "", "", size, "", used, ""]);
        }
        const headings = [
          "DIGEST",
          "FINGERPRINT",
          "RELEASE",
          "VERSION",
          "ARCH",
          "SIZE",
          "AGE",
          "USED",
          "DEVICES",
        ];
        if (rows.length > 0) for (const line of table(headings, rows)) printLine(line);
        else process.stderr.write("kheaders: the cache is empty\n");
        return undefined;
      });
    });
}

function addInfo(cache: Command): void {
  cache
    .command("info")
    .description("sum up what the cache holds")
    .addHelpText("after", "\nExample:\n  $ kheaders cache info")
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await runCommand(flags, async () => {
        const info = await (await openCacheOf(flags)).info();
        if (flags.json) {
          printJson(info);
          return undefined;
        }
        printLine(`folder:    ${info.dir}`);
        printLine(`format:    ${info.format}`);
        printLine(`kernels:   ${info.kernels}`);
        printLine(`trees:     ${info.trees} (${info.inUse} in use)`);
        printLine(`disk:      ${formatBytes(info.bytes)}, ${info.inodes} inodes`);
        printLine(`archives:  ${formatBytes(info.archiveBytes)}`);
        return undefined;
      });
    });
}

function addVerify(cache: Command): void {
  cache
    .command("verify")
    .description("check every archive against its digest and every tree against its archive, and mend them")
    .option("--dry-run", "change nothing")
    .addHelpText(
      "after",
      `
Ends with status 8 if anything was wrong and could not be mended.

Example:
  $ kheaders cache verify`,
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & { dryRun?: boolean }>();
      await runCommand(flags, async ({ signal, reporter }) => {
        const opened = await openCacheOf(flags);
        const report = await opened.verify({
          repair: flags.dryRun !== true,
          signal,
          onProgress: (done, total) => reporter.counted("Verified", done, total),
        });
        reporter.close();
        if (flags.json) printJson(report);
        else {
          for (const { what, path, detail, outcome } of report.problems) {
            printLine(`${outcome}: ${what} ${printable(path, 4096)}: ${printable(detail, 500)}`);
          }
          for (const path of report.leftovers) printLine(`leftover: ${printable(path, 4096)}`);
          printLine(`${report.checked} archives and trees checked, ${report.problems.length} problems`);
        }
        return report.problems.some(({ outcome }) => outcome !== "repaired")
          ? exitStatusOf["cache-failed"]
          : 0;
      });
    });
}

function addPrune(cache: Command): void {
  cache
    .command("prune")
    .description("remove what was used least recently; never what is in use or was used within the grace")
    .option("--max-size <size>", "until the cache takes no more than this, such as 5GB", parseBytes)
    .option("--older-than <duration>", "what was not used for this long, such as 30d", parseDuration)
    .option("--grace <duration>", "keep what was used within this time (default: 24h)", parseDuration)
    .addHelpText("after", "\nExample:\n  $ kheaders cache prune --max-size 5GB --older-than 30d")
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<
        GlobalFlags & { maxSize?: number; olderThan?: number; grace?: number }
      >();
      await runCommand(flags, async ({ signal }) => {
        if (flags.maxSize === undefined && flags.olderThan === undefined) {
          throw new KheadersError("usage", "prune needs --max-size or --older-than", {
            hint: "For example: kheaders cache prune --older-than 30d",
          });
        }
        const report = await (await openCacheOf(flags)).prune({
          maxBytes: flags.maxSize,
          olderThan: flags.olderThan,
          grace: flags.grace,
          signal,
        });
        if (flags.json) {
          printJson(report);
          return undefined;
        }
        for (const tree of report.removed) printLine(`removed: ${nameOf(tree)}`);
        for (const { digest, why } of report.kept) {
          printLine(
            `kept: ${digest.slice(0, shownDigest)} (${why === "grace" ? "used within the grace" : "in use"})`,
          );
        }
        printLine(`freed ${formatBytes(report.freedBytes)}; the cache takes ${formatBytes(report.bytes)}`);
        return undefined;
      });
    });
}

function addRm(cache: Command): void {
  cache
    .command("rm [what...]")
    .description("remove kernels: by digest or its beginning, release, or fingerprint")
    .option("--all", "everything")
    .addHelpText(
      "after",
      `
Trees are read-only, folders included, so rm -rf fails on them: use this.

Examples:
  $ kheaders cache rm 3f786850e387
  $ kheaders cache rm 6.1.57-android14-11-maybe-dirty
  $ kheaders cache rm --all`,
    )
    .action(async (what: string[], _options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags & { all?: boolean }>();
      await runCommand(flags, async ({ signal }) => {
        if ((flags.all === true) === what.length > 0) {
          throw new KheadersError("usage", "rm needs either names of what to remove, or --all");
        }
        const opened = await openCacheOf(flags);
        const digests = flags.all
          ? "all"
          : await Promise.all(what.map((name) => opened.digestsMatching(name)));
        if (digests !== "all") {
          const missing = what.filter((_, index) => digests[index]?.length === 0);
          if (missing.length > 0) {
            throw new KheadersError(
              "not-cached",
              `not in the cache: ${missing.map((name) => printable(name)).join(", ")}`,
              {
                hint: "See what there is with: kheaders cache ls",
              },
            );
          }
        }
        const report = await opened.remove(digests === "all" ? "all" : [...new Set(digests.flat())], signal);
        if (flags.json) printJson(report);
        else if (!flags.quiet) {
          for (const tree of report.removed) printLine(`removed: ${nameOf(tree)}`);
          printLine(`freed ${formatBytes(report.freedBytes)}`);
        }
        if (report.inUse.length > 0) {
          const kept = report.inUse.map((digest) => digest.slice(0, shownDigest)).join(", ");
          throw new KheadersError("cache-failed", `in use by a running kheaders, and so kept: ${kept}`);
        }
        return undefined;
      });
    });
}

function addDir(cache: Command): void {
  cache
    .command("dir")
    .description("print the cache's folder")
    .addHelpText("after", '\nExample:\n  $ du -sh "$(kheaders cache dir)"')
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await runCommand(flags, async () => {
        const dir = await cacheDir(process.env, flags.cacheDir);
        if (flags.json) printJson({ dir });
        else printLine(dir);
        return undefined;
      });
    });
}

function nameOf({ digest, kernels }: RemovedTree): string {
  const names = kernels.map(
    ({ kernel }: CacheEntry) => `${printable(kernel.release)} ${printable(kernel.fingerprint)}`,
  );
  return [digest.slice(0, shownDigest), ...names].join("  ");
}
