import { type Command, InvalidArgumentError } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { findOffline } from "../../pull/offline.js";
import type { PullResult } from "../../pull/pull.js";
import { checkCopyTarget, copyTree } from "../../user-files/copy.js";
import { checkLinkTarget, copyOutput, outputTarget, updateLink } from "../../user-files/output.js";
import { meansMany, type SelectionFlags } from "../options/devices.js";
import { collect } from "../options/global.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { resultObject } from "../report/result.js";
import { printJson, printLine, type RunContext, runCommand } from "../run.js";

interface Flags extends PullFlags, SelectionFlags {
  readonly jobs?: number;
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
    .option("--archive <file>", "keep the compressed archive there, too; replaces a file")
    .option("--link <path>", "keep a symbolic link to the tree there, for editors; replaces a link");
  addPullOptions(command)
    .option("--fingerprint <text>", "with --offline and no device: the build's fingerprint")
    .option("--release <text>", "with --offline and no device: the kernel's release")
    .option("--digest <hex>", "with --offline: the archive's digest, or its beginning")
    .option("--all", "pull from all devices that can be used (-d, -e: those of that kind)")
    .option(
      "--match <pattern>",
      "of all devices, those with model=, fingerprint= or release=PATTERN",
      collect,
    )
    .option("-j, --jobs <number>", "with several devices: how many at once (default: all)", jobs)
    .addHelpText(
      "after",
      `
The tree is read-only and belongs to the cache; the next pull of the same kernel takes it from there.

With --all, --match or several -s, each device that succeeds is a line SERIAL<tab>TREE on standard output, as it ends;
with --json, each device is an object on a line of its own, with "error" where it failed. The exit status is 0 if all
succeeded, else that of the first that failed. --timeout counts for each device. Devices that run one kernel cause one
transfer. In a PATTERN, * stands for any text and ? for one character; several --match must all fit.

Examples:
  $ kheaders pull
  $ kheaders pull -s R5CT30ABCDE -o ./headers
  $ kheaders pull --wait=60 --link .kheaders      after fastboot boot
  $ kheaders pull --offline --fingerprint "$FP" --release 6.1.57-android14-11
  $ kheaders pull --json | jq -r .release
  $ kheaders pull --all -j 8
  $ kheaders pull --match 'model=Pixel*' --match 'release=6.1.*' --json`,
    )
    .action(async (_options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      const isMany = meansMany(flags);
      await runCommand(flags, (context) => (isMany ? runPullMany(flags, context) : runPull(flags, context)), {
        untimed: isMany,
      });
    });
}

async function runPullMany(flags: Flags, context: RunContext): Promise<number> {
  const misplaced = (["output", "archive", "link", "fingerprint", "release", "digest"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (misplaced !== undefined) {
    throw new KheadersError("usage", `--${misplaced} is for one device`, {
      hint: "Choose it with -s, without --all and --match.",
    });
  }
  const { pullFromMany } = await import("../pull-many.js");
  return pullFromMany(flags, context);
}

async function runPull(flags: Flags, context: RunContext): Promise<undefined> {
  if (flags.jobs !== undefined)
    throw new KheadersError("usage", "--jobs goes with --all, --match or several -s");

  const isNamed = (flags.fingerprint ?? flags.release ?? flags.digest) !== undefined;
  if (isNamed && !flags.offline) {
    throw new KheadersError("usage", "--fingerprint, --release and --digest go with --offline");
  }
  if (flags.output !== undefined) checkCopyTarget(flags.output);
  if (flags.archive !== undefined) outputTarget(flags.archive);
  if (flags.link !== undefined) checkLinkTarget(flags.link);
  const options = await pullOptionsOf(flags, context);
  const result = isNamed
    ? await findOffline(options.cache, flags, options)
    : await (await import("../../pull/pull.js")).pull(options);
  if (wantsCopies(flags)) {
    const lease = await options.cache.acquireLease(result.digest);
    try {
      await leaveCopies(flags, result, context);
    } finally {
      lease.release();
    }
  }
  if (flags.json) printJson(resultObject(result));
  else printLine(result.tree);
  return undefined;
}

function wantsCopies({ archive, output, link }: Flags): boolean {
  return (archive ?? output ?? link) !== undefined;
}

/** Leaves what was asked for beside the cache: only what is whole appears. */
async function leaveCopies(
  flags: Flags,
  result: PullResult,
  { signal, reporter }: RunContext,
): Promise<void> {
  if (flags.archive !== undefined) copyOutput(result.archive, flags.archive);
  if (flags.output !== undefined) {
    reporter.on({ type: "stage", stage: "copying", detail: printable(flags.output) });
    await copyTree(result, flags.output, signal);
  }
  if (flags.link !== undefined) updateLink(flags.link, result.tree);
}

function jobs(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new InvalidArgumentError("A positive number is wanted.");
  return value;
}
