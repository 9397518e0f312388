/**
 * What the host and `device/agent.sh` say to each other. The script cannot import: `test/unit/agent/script.test.ts`
 * compares its constants with these.
 */

/** Raised with every change that an older half would misread. */
export const protocolVersion = 1;

/** Seconds after which the agent ends a transfer that does not move. */
export const stallSeconds = 30;

/** The module's name, as in /proc/modules. */
export const moduleName = "kheaders";

/** Where a kernel shows its headers: mainline since 5.2, and the original patch with its backports. */
export const archivePaths = ["/sys/kernel/kheaders.tar.xz", "/proc/kheaders.tar.xz"] as const;

/**
 * Where Android keeps kernel modules; the agent looks for kheaders.ko there, flat and below a release's folder, and lists all
 * modules for their symbol versions.
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
  /** As many paths follow, a line each. */
  take: (count: number) => `take ${count}`,
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

/** Exit statuses with which the agent ends a conversation before its time. */
export const agentStatus = {
  refused: 1,
  /** The transfer did not move for as long as it may. */
  stalled: 2,
  /** Somebody unloaded the module while its archive was read. */
  cut: 3,
  /** A module file could not be read to its end. */
  unread: 4,
} as const;
