import type { Command } from "commander";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { checkCopyTarget, copyTree, keepArchive, updateLink } from "../cache/index.js";
import { findOffline } from "../offline.js";
import type { PullResult } from "../pull.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "./pull-options.js";
import { resultObject } from "./result.js";
import { printJson, printLine, type RunContext, runCommand } from "./run.js";

interface Flags extends PullFlags {
  readonly output?: string;
  readonly archive?: string;
  readonly link?: string;
  readonly fingerprint?: string;
  readonly release?: string;
  readonly digest?: string;
}

export function addPull(program: Command): void {
  const command = program
    .command("pull")
    .description("get the headers of the kernel that the device runs, and print the path of the tree")
    .option(
      "-o, --output <dir>",
      "leave a writable copy of the tree there, too; it must not exist or be empty",
    )
    .option("--archive <file>", "keep the compressed archive there, too")
    .option("--link <path>", "keep a symbolic link to the tree there, for editors");
  addPullOptions(command)
    .option("--fingerprint <text>", "with --offline and no device: the build's fingerprint")
    .option("--release <text>", "with --offline and no device: the kernel's release")
    .option("--digest <hex>", "with --offline: the archive's digest, or its beginning")
    .addHelpText(
      "after",
      `
The tree is read-only and belongs to the cache; the next pull of the same kernel takes it from there.

Examples:
  $ kheaders pull
  $ kheaders pull -s R5CT30ABCDE -o ./headers
  $ kheaders pull --wait=60 --link .kheaders      after fastboot boot
  $ kheaders pull --offline --fingerprint "$FP" --release 6.1.57-android14-11
  $ kheaders pull --json | jq -r .release`,
    )
    .action(async (_options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, (context) => runPull(flags, context));
    });
}

async function runPull(flags: Flags, context: RunContext): Promise<undefined> {
  const isNamed = (flags.fingerprint ?? flags.release ?? flags.digest) !== undefined;
  if (isNamed && !flags.offline) {
    throw new KheadersError("usage", "--fingerprint, --release and --digest go with --offline");
  }
  if (flags.output !== undefined) checkCopyTarget(flags.output);
  const options = await pullOptionsOf(flags, context);
  const result = isNamed
    ? await findOffline(options.cache, flags, options)
    : await (await import("../pull.js")).pull(options);
  const lease = await options.cache.acquireLease(result.digest);
  try {
    await leaveCopies(flags, result, context);
  } finally {
    lease.release();
  }
  if (flags.json) printJson(resultObject(result));
  else printLine(result.tree);
  return undefined;
}

/** Leaves what was asked for beside the cache: only what is whole appears. */
async function leaveCopies(
  flags: Flags,
  result: PullResult,
  { signal, reporter }: RunContext,
): Promise<void> {
  if (flags.archive !== undefined) keepArchive(result, flags.archive);
  if (flags.output !== undefined) {
    reporter.on({ type: "stage", stage: "copying", detail: printable(flags.output) });
    await copyTree(result, flags.output, signal);
  }
  if (flags.link !== undefined) updateLink(flags.link, result.tree);
}
