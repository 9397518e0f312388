import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import type { DeviceOutcome } from "../../../farm/pull-one.js";
import type { PullOptions } from "../../../pull/options.js";
import type { PullResult } from "../../../pull/result.js";
import { findOffline } from "../../../pull/tree/offline.js";
import { command } from "../../options/command.js";
import { matchOption, type SelectionFlags, selectionOf, selectsMany } from "../../options/devices.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf, sharedPullOptionsOf } from "../../options/pull.js";
import { parseCount } from "../../options/units.js";
import { summary } from "../../report/device-row.js";
import { reportFarmEvent } from "../../report/farm-event.js";
import { errorObject, resultObject } from "../../report/result.js";
import type { Context, Output } from "../../run.js";

interface Flags extends PullFlags, SelectionFlags {
  readonly jobs?: number;
  readonly output?: string;
  readonly archive?: string;
  readonly link?: string;
  readonly fingerprint?: string;
  readonly release?: string;
  readonly digest?: string;
}

export const add = command<Flags>({
  name: "pull",
  summary: "get the headers of the device's kernel, and print their path",
  options: [
    option("-o, --output <dir>", "also leave a writable copy of the tree here (a new or empty folder)"),
    option("--archive <file>", "also keep the compressed archive here"),
    option("--link <path>", "also keep a symbolic link to the tree here, for editors"),
    ...pullOptions,
    option("--fingerprint <fingerprint>", "with --offline and no device: the build's fingerprint"),
    option("--release <release>", "with --offline and no device: the kernel's release"),
    option("--digest <digest>", "with --offline: the archive's digest, or its first digits"),
    option("--all", "pull from all devices that can be used (with -d or -e: of that kind)"),
    matchOption,
    option("-j, --jobs <number>", "with several devices: how many at once (default: all)", {
      parse: parseCount,
    }),
  ],
  details: `The tree is read-only and belongs to the cache. The next pull of the same kernel
is served from there.

With --all, --match or several -s, kheaders prints SERIAL<tab>TREE for each
device that succeeds, as it ends. With --json it prints an object for each
device, with "error" if it failed. The exit status is 0 if all succeeded, else
the largest status of the devices that failed. --timeout counts for each device.
Devices that run the same kernel cause one transfer. In a PATTERN, * matches any
text and ? one character; if --match is given several times, all must match.`,
  examples: [
    "kheaders pull",
    "kheaders pull -s R5CT30ABCDE -o ./headers",
    "kheaders pull --wait=60 --link .kheaders      # after fastboot boot",
    'kheaders pull --offline --fingerprint "$FP" --release 6.1.57-android14-11',
    "kheaders pull --json | jq -r .release",
    "kheaders pull --all -j 8",
    "kheaders pull --match 'model=Pixel*' --match 'release=6.1.*' --json",
  ],
  isUntimed: selectsMany,
  run: (context) => (selectsMany(context.flags) ? pullFromMany(context) : pullFromOne(context)),
});

async function pullFromOne(context: Context<Flags>): Promise<Output> {
  const { flags } = context;
  if (flags.jobs !== undefined) {
    throw new KheadersError("usage", "--jobs can only be given with --all, --match or several -s");
  }
  const isNamed = (flags.fingerprint ?? flags.release ?? flags.digest) !== undefined;
  if (isNamed && !flags.offline) {
    throw new KheadersError(
      "usage",
      "--fingerprint, --release and --digest can only be given with --offline",
    );
  }
  const leaveOutputs = await prepareOutputs(flags);
  const options = await pullOptionsOf(context);
  const find = async () =>
    isNamed
      ? findOffline(options.cache, flags, options)
      : (await import("../../../pull/pull.js")).pull(options);
  if (leaveOutputs === undefined) return outputOfResult(await find());
  const { holdTree } = await import("../../../pull/tree/hold.js");
  return holdTree(options.cache, find, async (result) => {
    await leaveOutputs(result, options);
    return outputOfResult(result);
  });
}

function outputOfResult(result: PullResult): Output {
  return { json: [resultObject(result)], lines: [result.tree] };
}

/** Leaves what was asked for outside the cache. */
type LeaveOutputs = (result: PullResult, options: PullOptions) => Promise<void>;

/** Checks that all outputs can be written, before the device is asked. @returns what writes them, if there are any. */
async function prepareOutputs({ archive, output, link }: Flags): Promise<LeaveOutputs | undefined> {
  if ((archive ?? output ?? link) === undefined) return undefined;
  const { checkCopyTarget, copyTree } = await import("../../../user-files/copy.js");
  const { checkLinkTarget, copyOutput, outputTarget, updateLink } = await import(
    "../../../user-files/output.js"
  );
  if (output !== undefined) checkCopyTarget(output);
  if (archive !== undefined) outputTarget(archive);
  if (link !== undefined) checkLinkTarget(link);
  return async (result, { onProgress, signal }) => {
    if (archive !== undefined) copyOutput(result.archive, archive);
    if (output !== undefined) {
      onProgress({ type: "stage", stage: "copying", detail: printable(output) });
      await copyTree(result, output, signal);
    }
    if (link !== undefined) updateLink(link, result.tree);
  };
}

async function pullFromMany(context: Context<Flags>): Promise<Output> {
  const { flags, reporter } = context;
  const misplaced = (["output", "archive", "link", "fingerprint", "release", "digest"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (misplaced !== undefined) {
    throw new KheadersError("usage", `--${misplaced} works on one device only`, {
      hint: "Choose the device with -s, without --all and --match.",
    });
  }
  const devices = selectionOf(flags);
  const options = await sharedPullOptionsOf(context);
  const { exitStatusOfAll, pullMany } = await import("../../../farm/pull-many.js");
  const outcomes = await pullMany({
    ...options,
    devices,
    jobs: flags.jobs,
    timeoutSeconds: flags.timeout,
    root: flags.su ? "su" : "never",
    onEvent(event) {
      reportFarmEvent(event, reporter);
      if (event.type === "ended") context.print(outputOf(event.outcome));
    },
  });
  reporter.close();
  reporter.note(summary(outcomes, reporter.secondsSinceStart));
  return { json: [], lines: [], status: exitStatusOfAll(outcomes) };
}

function outputOf({ serial, result, error }: DeviceOutcome): Output {
  if (error) return { json: [errorObject(serial, error)], lines: [] };
  return { json: [resultObject(result)], lines: [`${printable(serial)}\t${result.tree}`] };
}
