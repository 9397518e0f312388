import { KheadersError } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import { stallSeconds } from "../../../../shared/protocol.js";
import { describeProof } from "../../../cache/index.js";
import type { DeviceImport, Verdict } from "../../../import/for-device.js";
import type { ImportResult } from "../../../import/import.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { noSuOption, type PullFlags, pullOptionsOf } from "../../options/pull.js";
import { storeUseOf, storeUseOptions } from "../../options/store.js";
import type { Context, Output } from "../../run.js";

interface Flags extends PullFlags {
  readonly fingerprint?: string;
}

/** The exit status of an import for a device that it does not serve: the answer is "no". */
const no = 1;

export const add = command<Flags, [string[]]>({
  name: "import",
  summary: "take headers out of files, with no root and no device",
  arguments: [argument("<source...>", "files, folders or https:// addresses, all of one kernel")],
  options: [
    option(
      "--fingerprint <text>",
      "the build's fingerprint (default: headers for any system with this kernel)",
    ),
    noSuOption,
    ...storeUseOptions,
  ],
  details: `A SOURCE is recognised by its content, and what is in it is opened in turn: an archive kheaders.tar.xz,
kheaders.ko, a kernel (vmlinux, Image, bzImage, boot.img), a partition image with modules, a tar or zip archive or a
folder with any of these, kernel-headers.tar.gz, a kernel's build folder, Debian's linux-headers. The tree's path is
printed.

What the files say of the kernel besides its headers is kept: its version, build-id and configuration, which show that
a device runs it, and Module.symvers. Several SOURCEs add up, as headers and the boot image that they belong to.

With -s, it tells at once whether the headers serve that device; if not, the exit status is 1.`,
  examples: [
    "kheaders import system_dlkm.img boot.img",
    "kheaders import -s R5CT30ABCDE kernel-headers.tar.gz boot-img.tar.gz",
    "kheaders import https://example.com/system_dlkm.tar.gz",
    "kheaders import ~/linux/out                   # a build folder (make O=out)",
    "kheaders import linux-headers-6.1.0-42-amd64.deb linux-headers-6.1.0-42-common.deb",
    "kheaders import ~/linux/out --store-write     # for all hosts of the lab, after a build",
    "kheaders import --json kheaders.ko | jq .found",
  ],
  async run(context, sources) {
    const { flags, signal, reporter } = context;
    const store = storeUseOf(flags);
    const shared = { sources, cache: await openCacheOf(flags), store, signal, onProgress: reporter.on };
    if (hasChoice(flags)) {
      if (flags.fingerprint !== undefined)
        throw new KheadersError("usage", "--fingerprint cannot be given with a device, which says its own");
      const { importForDevice } = await import("../../../import/for-device.js");
      return outputFor(
        await importForDevice(shared, { ...(await pullOptionsOf(context)), stallSeconds }),
        context,
      );
    }
    const { importHeaders } = await import("../../../import/import.js");
    const result = await importHeaders({ ...shared, fingerprint: flags.fingerprint });
    return { json: [objectOf(result, undefined)], lines: [result.tree] };
  },
});

/** Whether a device is chosen on the command line. One that the environment names is not meant: most imports need none. */
function hasChoice({ s, t, d, e }: Flags): boolean {
  return s !== undefined || t !== undefined || d === true || e === true;
}

function outputFor(result: DeviceImport, { reporter }: Context<Flags>): Output {
  const { verdict } = result;
  const serial = printable(verdict.serial);
  reporter.close();
  reporter.note(
    verdict.serves
      ? `kheaders: these headers serve ${serial}${verdict.proof ? ` (${describeProof(verdict.proof)})` : ""}`
      : `kheaders: these headers do not serve ${serial}: ${verdict.reason}`,
  );
  if (!verdict.serves && verdict.hint !== undefined) reporter.note(`  ${verdict.hint}`);
  const output = { json: [objectOf(result, verdict)], lines: [result.tree] };
  return verdict.serves ? output : { ...output, status: no };
}

/** The JSON object of an import. What is unknown is null. */
function objectOf(result: ImportResult, verdict: Verdict | undefined): object {
  const { kernel } = result;
  return {
    serial: verdict?.serial ?? null,
    fingerprint: kernel.fingerprint ?? null,
    release: kernel.release,
    version: kernel.version ?? null,
    machine: kernel.machine ?? null,
    buildId: kernel.buildId ?? null,
    digest: result.digest,
    bytes: result.bytes,
    archive: result.archive,
    tree: result.tree,
    source: "file",
    origin: result.origin,
    found: result.found,
    serves: verdict?.serves ?? null,
    proof: verdict?.serves ? (verdict.proof ?? null) : null,
    reason: verdict?.serves === false ? verdict.reason : null,
  };
}
