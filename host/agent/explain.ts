import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { moduleFolders, type Refusal } from "../../shared/protocol.js";

/** One command that the agent ran to load the module, with what it printed. */
export interface Attempt {
  readonly command: string;
  readonly status: number;
  readonly output: string;
}

/** What is known when the agent refuses to send the archive. */
export interface RefusalContext {
  readonly refusal: Refusal;
  /** kheaders.ko, or the archive, where the refusal names one. */
  readonly path: string | undefined;
  /** Folders that this user may not list. */
  readonly denied: readonly string[];
  /** Value of CONFIG_IKHEADERS: "y", "m", null where it is not set; undefined where the configuration is not known. */
  readonly ikheaders: string | null | undefined;
  readonly diagnostics: string;
}

/**
 * Takes apart what the agent printed on standard error: `kheaders: run …`, the output, `kheaders: status N`. A command that
 * has not ended has no status: su, while the root role answers.
 */
export function parseAttempts(diagnostics: string): Attempt[] {
  const framed = /^kheaders: run (.*)\n((?:(?!^kheaders: run )[\s\S])*?)^kheaders: status (\d+)$/gm;
  return Array.from(diagnostics.matchAll(framed), (match) => ({
    command: match[1] ?? "",
    output: (match[2] ?? "").trim(),
    status: Number(match[3]),
  }));
}

/** The module folders that could be looked at. */
function searched(denied: readonly string[]): string {
  return `Searched: ${moduleFolders.filter((folder) => !denied.includes(folder)).join(", ")}`;
}

const rootHint = "Root the device, or use a userdebug build with --root.";
const confinedHint = "SELinux may confine the root shell; see: adb shell dmesg | grep avc";

/** Explains to the user why there are no headers: what happened, why, and what to do. */
export function explainRefusal(context: RefusalContext): KheadersError {
  switch (context.refusal) {
    case "unreadable":
      return new KheadersError(
        "needs-root",
        `the headers are there (${place(context)}), but this user may not read them`,
        { hint: rootHint },
      );
    case "needs-root":
      return explainNeedForRoot(context);
    case "gone":
      return new KheadersError("transfer-cut", "the kheaders module was unloaded before the transfer", {
        hint: "Try again.",
      });
    case "modules-unreadable":
      return new KheadersError(
        "not-permitted",
        "/proc/modules cannot be read, and without it a module that is loaded could not be unloaded safely",
        { hint: confinedHint },
      );
    case "no-archive":
      return new KheadersError(
        "no-headers",
        "the kheaders module is loaded, but no archive appeared in /sys/kernel or /proc",
        {
          hint: "Check that kheaders.ko was built with this kernel (from kernel/kheaders.c).",
        },
      );
    case "module-not-found":
      return explainMissingModule(context);
    case "load-failed":
      return explainLoadFailure(context);
    case "unknown-command":
      return new KheadersError("protocol-error", "the device does not know the command");
  }
}

function explainNeedForRoot(context: RefusalContext): KheadersError {
  // A kernel that was built without headers has none for root either, unless its kheaders.ko is there to see.
  if (context.path === undefined && context.ikheaders === null) return withoutIkheaders(context.denied);
  const denied = listed(context.denied);
  const perhaps =
    context.path === undefined && denied ? `, if it is in ${denied}, which this user may not list` : "";
  // Some vendors let the shell read the modules that only root may load.
  const otherwise = context.path === undefined ? "" : " If the file can be read, --no-load needs no root.";
  return new KheadersError(
    "needs-root",
    `${place(context)} must be loaded, and only root may do that${perhaps}`,
    { hint: `${rootHint}${otherwise}` },
  );
}

/** The error for a kernel whose configuration says that it has no headers. */
function withoutIkheaders(denied: readonly string[]): KheadersError {
  return new KheadersError(
    "no-headers",
    `this kernel was built without CONFIG_IKHEADERS. ${searched(denied)}`,
    {
      hint: "Build it with CONFIG_IKHEADERS=y or =m.",
    },
  );
}

function explainMissingModule(context: RefusalContext): KheadersError {
  if (context.ikheaders === null) return withoutIkheaders(context.denied);
  const tools = parseAttempts(context.diagnostics).filter((attempt) => attempt.command !== "dmesg");
  const denied = listed(context.denied);
  if (denied) {
    // Only root gets so far.
    return new KheadersError(
      "not-permitted",
      `no kheaders.ko was found, but even root may not list ${denied}`,
      { hint: confinedHint },
    );
  }
  const built = context.ikheaders === "m" ? "the kernel has CONFIG_IKHEADERS=m, but " : "";
  const said = tools.map(describeAttempt).join("; ");
  return new KheadersError(
    "no-headers",
    `${built}kheaders.ko is in none of the device's module folders${said ? ` (${said})` : ""}. ${searched(context.denied)}`,
    {
      hint:
        context.ikheaders === "m"
          ? "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm)."
          : "Build the kernel with CONFIG_IKHEADERS=y or =m, and install its modules.",
    },
  );
}

/**
 * Android's kernels keep some symbols of signed modules from modules without their signature: for insmod that is EACCES, as
 * if SELinux had refused. Android's 6.1 logs "Protected symbol: … (err -13)" in simplify_symbols and "exports protected
 * symbol …" in verify_exported_symbols (kernel/module/main.c).
 */
const protectedSymbol = /protected symbol|unknown symbol \S+ \(err -13\)/i;

/** The kernel or its policy refuses to load any such module, which may still be its own: its file can be read. */
export class LoadingRefused extends KheadersError {
  constructor({ code, message, hint }: KheadersError) {
    super(code, message, { hint });
  }
}

/** The spellings of each reason in AOSP's modprobe, toybox, kmod, busybox and the kernel log. */
const loadFailures: readonly {
  readonly pattern: RegExp;
  /** The kernel log may know more. */
  readonly isVague?: true;
  /** It says nothing of what is in the module: see {@link LoadingRefused}. */
  readonly isPolicy?: true;
  readonly explain: (context: RefusalContext, log: string) => KheadersError;
}[] = [
  {
    // "module verification failed" is not a refusal: the kernel says it of a module that it loads all the same.
    pattern: /key was rejected|required key not available|is rejected|EKEYREJECTED|ENOKEY|PKCS#7 signature/i,
    isPolicy: true,
    explain: (context) =>
      new KheadersError(
        "module-refused",
        `${place(context)} was not built with this kernel: the kernel refused its signature`,
        {
          hint: "The kernel takes only modules signed with its own key: install those built with this kernel.",
        },
      ),
  },
  {
    pattern: protectedSymbol,
    isPolicy: true,
    explain: (context, log) =>
      new KheadersError(
        "module-refused",
        `${place(context)} was not built with this kernel: ${reasonIn(log, protectedSymbol)}`,
        { hint: "Install the module that was built and signed with this kernel." },
      ),
  },
  {
    pattern: /unknown symbol|wrong symbol version|disagrees about version of symbol|no symbol version for/i,
    explain: (context, log) =>
      new KheadersError(
        "module-refused",
        `${place(context)} does not fit this kernel: ${reasonIn(log, /symbol/i)}`,
        {
          hint: "Install the modules that were built with this kernel.",
        },
      ),
  },
  {
    pattern: /version magic|invalid module format|exec format error|ENOEXEC/i,
    explain: (context, log) =>
      new KheadersError(
        "module-refused",
        `${place(context)} was built for another kernel: ${reasonIn(log, /version magic|format/i)}`,
        {
          hint: "Install the modules that were built with this kernel.",
        },
      ),
  },
  {
    pattern: /cannot allocate memory|out of memory|ENOMEM/i,
    explain: (context) =>
      new KheadersError("module-refused", `the device has no memory left to load ${place(context)}`, {
        hint: "Close apps or reboot the device, then try again.",
      }),
  },
  {
    pattern: /operation not permitted|permission denied|lockdown|EPERM|EACCES|avc: +denied/i,
    isPolicy: true,
    explain: (context, log) =>
      new KheadersError(
        "not-permitted",
        `the kernel does not allow loading ${place(context)}: ${reasonIn(log, /permitted|denied|lockdown/i)}`,
        {
          hint: "The kernel may be locked down, or SELinux may confine the root shell; see: adb shell dmesg | grep avc",
        },
      ),
  },
  {
    // kernel/module/main.c gives ENOENT for a symbol that is not exported.
    pattern: /insmod[^\n]*no such file or directory/i,
    isVague: true,
    explain: (context) =>
      new KheadersError("module-refused", `${place(context)} needs a symbol that this kernel does not have`, {
        hint: "Install the modules that were built with this kernel.",
      }),
  },
];

function explainLoadFailure(context: RefusalContext): KheadersError {
  const attempts = parseAttempts(context.diagnostics);
  const loaders = attempts.filter((attempt) => /^(modprobe|insmod) /.test(attempt.command));
  if (loaders.length > 0 && loaders.every((attempt) => attempt.status === 127)) {
    return new KheadersError(
      "module-refused",
      `the device has neither modprobe nor insmod to load ${place(context)}`,
      {
        hint: "Android's toybox has both: check PATH in the root shell.",
      },
    );
  }
  const insmods = attempts.filter((attempt) => attempt.command.startsWith("insmod "));
  // Only modprobe is asked to load a compressed module.
  const said = (insmods.length > 0 ? insmods : loaders).map((attempt) => attempt.output).join("\n");
  const log = attempts.filter((attempt) => attempt.command === "dmesg").map((attempt) => attempt.output);
  const saidByAll = `${said}\n${aboutModule(log.join("\n"))}`;
  // The kernel log may be about an earlier attempt: a tool that names the reason counts first.
  const isProtected = /permission denied|EACCES/i.test(said) && protectedSymbol.test(saidByAll);
  const known =
    (isProtected ? loadFailures.find(({ pattern }) => pattern === protectedSymbol) : undefined) ??
    loadFailures.find(({ pattern, isVague }) => !isVague && pattern.test(said)) ??
    loadFailures.find(({ pattern }) => pattern.test(saidByAll));
  if (known) {
    const error = known.explain(context, saidByAll);
    return known.isPolicy ? new LoadingRefused(error) : error;
  }
  const tries = loaders.map(describeAttempt).join("; ");
  return new KheadersError("module-refused", `${place(context)} could not be loaded: ${tries}`, {
    hint: "See the kernel log: adb shell dmesg",
  });
}

/** The kernel log is about all modules, and old: only its last line that names this module counts. */
function aboutModule(log: string): string {
  const lines = log.split("\n").filter((line) => /kheaders|lockdown/i.test(line));
  return lines.at(-1) ?? "";
}

function reasonIn(log: string, pattern: RegExp): string {
  const lines = log.split("\n").filter((line) => pattern.test(line));
  const kernels = lines.find((line) => line.startsWith("[") || line.startsWith("<"));
  return printable((kernels ?? lines[0] ?? "").replace(/^(<\d+>)?\[[^\]]*\] */, "").trim(), 300);
}

function listed(folders: readonly string[]): string {
  return folders.map((folder) => printable(folder, 200)).join(", ");
}

function place(context: RefusalContext): string {
  return printable(context.path ?? "kheaders.ko", 200);
}

function describeAttempt(attempt: Attempt): string {
  const said = printable(attempt.output.split("\n").at(-1) ?? "", 200);
  return `${printable(attempt.command, 100)}: ${said || `status ${attempt.status}`}`;
}
