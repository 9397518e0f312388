import { exitStatusOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Device } from "../adb/devices.js";
import type { AdbServer } from "../adb/server.js";
import { AgentRefusal, type Conversation, type HeadersReport } from "../agent/conversation.js";
import { withConversation } from "../agent/with-conversation.js";
import { ikheadersOf, type KernelConfig } from "../kernel/config.js";
import { MalformedElf } from "../kernel/elf-sections.js";
import { readKernelFacts } from "../kernel/facts.js";
import { type Headers, headersOf } from "../pull/headers-offer.js";
import { importAdvice, withImportHint } from "../pull/import-advice.js";
import { readModuleFile } from "../symvers/module-file.js";
import { attempt, type Check, type CheckList, failed, ok, skipped, warning } from "./check.js";

/** How to reach the device. */
interface KernelOptions {
  readonly server: AdbServer;
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
}

/** Asks the device which kernel runs, and how it offers its headers. Loads nothing, and never asks su. */
export async function checkKernel(
  options: KernelOptions,
  device: Device | undefined,
  checks: CheckList,
): Promise<void> {
  const names = ["shell", "root", "kernel config", "module", "archive"];
  const done = device && (await attempt(checks, "shell", () => askDevice(options, device, checks)));
  if (done) return;
  const looked = new Set(checks.all.map((check) => check.name));
  checks.add(...names.filter((name) => !looked.has(name)).map(skipped));
}

function askDevice(options: KernelOptions, device: Device, checks: CheckList): Promise<true> {
  return withConversation(device, options, async (conversation) => {
    const { hello } = conversation;
    checks.add(
      ok("shell", `${printable(hello.release)} on ${printable(hello.fingerprint || "an unknown build")}`),
    );
    const { config, problems } = readKernelFacts(await conversation.facts());
    const report = await conversation.headers();
    const headers = headersOf(report, config);
    const builtFor = headers === "module" ? await releaseOfModule(conversation, report.module) : undefined;
    const stale = builtFor === undefined || builtFor === hello.release ? undefined : builtFor;
    const advice = importAdvice(hello, config, device.serial);
    const orImport = (check: Check): Check =>
      check.code !== undefined && [4, 5].includes(exitStatusOf[check.code])
        ? { ...check, hint: withImportHint(check.hint, advice) }
        : check;
    checks.add(
      checkRoot(report),
      checkConfig(config, problems),
      stale === undefined ? checkModule(report) : staleModule(report, stale, hello.release, config),
      orImport(checkArchive(headers, report)),
    );
    return true as const;
  });
}

function checkRoot(report: HeadersReport): Check {
  if (report.uid === 0) return ok("root", "adbd runs as root");
  if (report.su) return ok("root", "su is available; a pull uses it if it must");
  if (report.debuggable) return ok("root", "adbd can be restarted as root: pull --root");
  if (report.archive !== undefined && report.readable) return ok("root", "not needed");
  return warning(
    "root",
    "there is no way to become root",
    "Root the device, or use a userdebug build with --root.",
  );
}

/** Module files have a few MB; a larger one is not read for its release. */
const maxModuleBytes = 32 * 1024 * 1024;

/** The release that kheaders.ko says it was built for; undefined if that cannot be read. */
async function releaseOfModule(
  conversation: Conversation,
  path: string | undefined,
): Promise<string | undefined> {
  const listed = (await conversation.modules()).modules.find((module) => module.path === path);
  if (listed === undefined || listed.size > maxModuleBytes) return undefined;
  try {
    for await (const { content } of conversation.take([listed])) {
      return readModuleFile(content).vermagic?.split(" ")[0];
    }
  } catch (error) {
    // Not readable by this user, or compressed: a pull finds out.
    if (!(error instanceof AgentRefusal) && !(error instanceof MalformedElf)) throw error;
  }
  return undefined;
}

/** With MODVERSIONS a module of another kernel loads, and a pull refuses its headers. Without, the kernel refuses it. */
function staleModule(
  report: HeadersReport,
  builtFor: string,
  release: string,
  config: KernelConfig | undefined,
): Check {
  const code = config?.has("CONFIG_MODVERSIONS") === false ? "module-refused" : "archive-mismatch";
  const detail = `${printable(report.module ?? "kheaders.ko")} was built for ${printable(builtFor)}, the kernel is ${printable(release)}`;
  const hint = "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm).";
  return failed("module", new KheadersError(code, detail, { hint }));
}

function checkConfig(config: KernelConfig | undefined, problems: readonly string[]): Check {
  if (config === undefined) {
    const problem = problems.find((line) => line.startsWith("/proc/config.gz"));
    return warning("kernel config", problem ?? "/proc/config.gz cannot be read", undefined);
  }
  const value = ikheadersOf(config);
  if (value !== null) return ok("kernel config", `CONFIG_IKHEADERS=${printable(value)}`);
  return warning("kernel config", "CONFIG_IKHEADERS is not set", undefined);
}

function checkModule(report: HeadersReport): Check {
  if (report.loaded === "yes") return ok("module", "already loaded");
  if (report.module !== undefined) return ok("module", printable(report.module));
  if (report.archive !== undefined) return ok("module", "not needed");
  const denied = report.denied.map((folder) => printable(folder)).join(", ");
  if (denied) return warning("module", `${denied} can only be listed as root`, undefined);
  return warning(
    "module",
    "no kheaders.ko in the module folders",
    "Install the modules that were built with this kernel.",
  );
}

function checkArchive(headers: Headers, report: HeadersReport): Check {
  const path = report.archive === undefined ? undefined : printable(report.archive);
  switch (headers) {
    case "built-in":
    case "loaded":
      return ok("archive", path ?? "");
    case "module":
      return canBeRoot(report)
        ? ok("archive", "comes with the module")
        : needsRoot("comes with the module, which only root can load");
    case "needs-root":
      if (!canBeRoot(report)) return needsRoot(path ? `only root can read ${path}` : onlyRootLists);
      return path
        ? ok("archive", `${path} (only root can read it)`)
        : warning("archive", onlyRootLists, undefined);
    case "none":
      return failed(
        "archive",
        report.loaded === "yes"
          ? new KheadersError("no-headers", "the kheaders module is loaded, but shows no archive", {
              hint: "Is that kheaders.ko the kernel's own (kernel/kheaders.c)?",
            })
          : new KheadersError("no-headers", "this kernel offers no headers", {
              hint: "Build the kernel with CONFIG_IKHEADERS=y or =m, and install its modules.",
            }),
      );
  }
}

const onlyRootLists = "unknown: only root can list the module folders";

function needsRoot(detail: string): Check {
  const hint = "Root the device, or use a userdebug build with --root.";
  return failed("archive", new KheadersError("needs-root", detail, { hint }));
}

function canBeRoot(report: HeadersReport): boolean {
  return report.uid === 0 || report.su || report.debuggable;
}
