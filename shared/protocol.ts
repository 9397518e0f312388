/**
 * What the host and `device/agent.sh` say to each other. The script cannot import: `test/unit/agent/script.test.ts`
 * compares its constants with these.
 */

/** Raised with every change that an older half would misread. */
export const protocolVersion = 1;

/** Seconds after which the agent ends a transfer that does not move, unless the user says otherwise. */
export const stallSeconds = 30;

/** The module's name, as in /proc/modules. */
export const moduleName = "kheaders";

/** Where a kernel shows its headers: mainline since 5.2, and the original patch with its backports. */
export const archivePaths = ["/sys/kernel/kheaders.tar.xz", "/proc/kheaders.tar.xz"] as const;

/**
 * Where Android keeps kernel modules. The agent looks for kheaders.ko there, flat, below a release's folder and where
 * modules.dep says, and lists all modules for their symbol versions.
 */
export const moduleFolders = [
  "/system/lib/modules",
  "/system_dlkm/lib/modules",
  "/vendor/lib/modules",
  "/vendor_dlkm/lib/modules",
  "/odm/lib/modules",
  "/odm_dlkm/lib/modules",
  "/lib/modules",
] as const;

/** How the agent calls su; see `become_root` there. */
export type SuStyle = "command" | "user";

/** A command of the host, one line. */
export const verbs = {
  facts: "facts",
  headers: "headers",
  root: (style: SuStyle) => `root ${style}`,
  send: (keepLoaded: boolean, withFacts = false) => `send ${keepLoaded ? 1 : 0}${withFacts ? " facts" : ""}`,
  unload: "unload",
  modules: "modules",
  /** That many paths follow, one a line. */
  take: (count: number, withSizes = false) => `take ${count}${withSizes ? " sizes" : ""}`,
} as const;

/** `error=` in an answer's block: why the agent cannot do as asked. */
export const refusals = [
  "gone",
  "unreadable",
  "needs-root",
  "modules-unreadable",
  "no-archive",
  "module-not-found",
  "load-failed",
  "unknown-command",
] as const;
export type Refusal = (typeof refusals)[number];

/** Exit statuses with which the agent ends a conversation early. */
export const agentStatus = {
  refused: 1,
  /** The transfer stalled. */
  stalled: 2,
  /** The module was unloaded during the transfer. */
  cut: 3,
  /** A file that was asked for could not be read to the end. */
  unread: 4,
} as const;
