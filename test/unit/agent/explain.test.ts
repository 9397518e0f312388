import { describe, expect, it } from "vitest";
import {
  explainRefusal,
  LoadingRefused,
  parseAttempts,
  type RefusalContext,
} from "../../../host/agent/explain.js";
import type { ErrorCode } from "../../../shared/errors.js";
import { moduleFolders, type Refusal, refusals } from "../../../shared/protocol.js";

const path = "/vendor/lib/modules/kheaders.ko";

const context = (some: Partial<RefusalContext>): RefusalContext => ({
  refusal: "load-failed",
  path,
  denied: [],
  ikheaders: undefined,
  diagnostics: "",
  ...some,
});

/** A command of the agent with what it printed, as it stands on standard error. */
const ran = (command: string, status: number, output = "") =>
  `kheaders: run ${command}\n${output === "" ? "" : `${output}\n`}kheaders: status ${status}\n`;

const noModprobe = ran("modprobe kheaders", 1, "modprobe: module kheaders not found in modules.dep");

/** What the tools say when the kernel refuses, each in its own words, and the kernel in its log. */
const inserting = {
  toybox: (reason: string) => ran(`insmod ${path}`, 1, `insmod: failed to load ${path}: ${reason}`),
  kmod: (reason: string) =>
    ran(`insmod ${path}`, 1, `insmod: ERROR: could not insert module ${path}: ${reason}`),
  busybox: (reason: string) => ran(`insmod ${path}`, 1, `insmod: can't insert '${path}': ${reason}`),
};
const kernelLog = (...lines: string[]) => ran("dmesg", 0, lines.join("\n"));

const refusedByKernel = ran(`insmod ${path}`, 1);

describe("attempts", () => {
  it("are taken apart", () => {
    const noInsmod = ran(`insmod ${path}`, 127);
    const log = kernelLog("[ 1.0] a", "[ 1.1] b");
    expect(parseAttempts(`sh: a banner\n${noModprobe}${noInsmod}${log}kheaders: refused\n`)).toEqual([
      {
        command: "modprobe kheaders",
        status: 1,
        output: "modprobe: module kheaders not found in modules.dep",
      },
      { command: `insmod ${path}`, status: 127, output: "" },
      { command: "dmesg", status: 0, output: "[ 1.0] a\n[ 1.1] b" },
    ]);
  });

  it("of a root role stand within a su that has not ended", () => {
    expect(parseAttempts(`kheaders: run su\n${noModprobe}`)).toEqual([
      expect.objectContaining({ command: "modprobe kheaders", status: 1 }),
    ]);
  });

  it("may be none", () => {
    expect(parseAttempts("sh: kheaders: not found\n")).toEqual([]);
  });
});

describe("a module that does not load", () => {
  it.each<{ what: string; diagnostics: string; code: string; exitStatus: number; says: RegExp }>([
    // The signature: EKEYREJECTED where signatures are enforced, ENOKEY on older kernels.
    {
      what: "signature, toybox",
      diagnostics: noModprobe + inserting.toybox("Key was rejected by service"),
      code: "module-refused",
      exitStatus: 4,
      says: /^\/vendor.* was not built with this kernel: the kernel refused its signature$/,
    },
    // Android's kernels let only modules that were built with them use some symbols: EACCES, as if SELinux had said no.
    {
      what: "protected symbol",
      diagnostics:
        inserting.toybox("Permission denied") +
        kernelLog("[   41.1] kheaders: Protected symbol: sysfs_create_bin_file (err -13)"),
      code: "module-refused",
      exitStatus: 4,
      says: /was not built with this kernel: kheaders: Protected symbol: sysfs_create_bin_file/,
    },
    {
      what: "protected symbol, by its errno",
      diagnostics:
        inserting.toybox("Permission denied") +
        kernelLog("[   41.1] kheaders: Unknown symbol sysfs_create_bin_file (err -13)"),
      code: "module-refused",
      exitStatus: 4,
      says: /was not built with this kernel: kheaders: Unknown symbol/,
    },
    {
      what: "protected symbol, kernel log alone",
      diagnostics: refusedByKernel + kernelLog("[   41.1] kheaders: Protected symbol: x (err -13)"),
      code: "module-refused",
      exitStatus: 4,
      says: /was not built with this kernel/,
    },
    {
      what: "signature, kmod",
      diagnostics: inserting.kmod("Required key not available"),
      code: "module-refused",
      exitStatus: 4,
      says: /refused its signature/,
    },
    {
      what: "signature, kernel log alone",
      diagnostics: refusedByKernel + kernelLog("[   12.3] kheaders: Loading of unsigned module is rejected"),
      code: "module-refused",
      exitStatus: 4,
      says: /refused its signature/,
    },
    // Symbols: ENOENT for one that is missing, EINVAL for one of another version.
    {
      what: "unknown symbol, kmod",
      diagnostics: inserting.kmod("Unknown symbol in module"),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel: .*Unknown symbol/,
    },
    {
      what: "unknown symbol, busybox",
      diagnostics: inserting.busybox("unknown symbol in module, or unknown parameter"),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel: .*unknown symbol/,
    },
    {
      what: "unknown symbol, toybox, no kernel log",
      diagnostics: inserting.toybox("No such file or directory"),
      code: "module-refused",
      exitStatus: 4,
      says: /needs a symbol that this kernel does not have/,
    },
    {
      what: "unknown symbol, toybox, with the kernel log",
      diagnostics:
        inserting.toybox("No such file or directory") +
        kernelLog("[   12.3] other: fine", "[   12.4] kheaders: Unknown symbol sysfs_new (err -2)"),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel: kheaders: Unknown symbol sysfs_new \(err -2\)$/,
    },
    {
      what: "symbol version, kernel log",
      diagnostics:
        inserting.toybox("Invalid argument") +
        kernelLog("<4>[   12.4] kheaders: disagrees about version of symbol module_layout"),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel: kheaders: disagrees about version of symbol module_layout$/,
    },
    {
      what: "symbol version, busybox",
      diagnostics: inserting.busybox("module has wrong symbol version"),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel: .*wrong symbol version/,
    },
    {
      what: "unknown symbol of a module that also tainted the kernel",
      diagnostics:
        inserting.toybox("No such file or directory") +
        kernelLog(
          "[   12.3] kheaders: module verification failed: signature and/or required key missing - tainting kernel",
          "[   12.4] kheaders: Unknown symbol sysfs_new (err -2)",
        ),
      code: "module-refused",
      exitStatus: 4,
      says: /does not fit this kernel/,
    },
    // The vermagic: ENOEXEC.
    {
      what: "another kernel's, toybox",
      diagnostics: inserting.toybox("Exec format error"),
      code: "module-refused",
      exitStatus: 4,
      says: /was built for another kernel: .*Exec format error/,
    },
    {
      what: "another kernel's, kmod",
      diagnostics: inserting.kmod("Invalid module format"),
      code: "module-refused",
      exitStatus: 4,
      says: /was built for another kernel: .*Invalid module format/,
    },
    {
      what: "another kernel's, busybox, with the kernel log",
      diagnostics:
        inserting.busybox("invalid module format") +
        kernelLog("[ 9.0] kheaders: version magic '6.1.0 SMP ' should be '6.1.57 SMP preempt '"),
      code: "module-refused",
      exitStatus: 4,
      says: /was built for another kernel: kheaders: version magic '6\.1\.0 SMP ' should be/,
    },
    // Memory: ENOMEM, in the words of glibc and of bionic.
    {
      what: "memory, glibc",
      diagnostics: inserting.kmod("Cannot allocate memory"),
      code: "module-refused",
      exitStatus: 4,
      says: /no memory left/,
    },
    {
      what: "memory, bionic",
      diagnostics: inserting.toybox("Out of memory"),
      code: "module-refused",
      exitStatus: 4,
      says: /no memory left/,
    },
    // Permission: EPERM, EACCES.
    {
      what: "not permitted, toybox",
      diagnostics: inserting.toybox("Operation not permitted"),
      code: "not-permitted",
      exitStatus: 5,
      says: /does not allow loading .*Operation not permitted/,
    },
    {
      what: "not permitted, SELinux",
      diagnostics:
        inserting.toybox("Permission denied") +
        kernelLog(
          `[ 9.0] type=1400 audit(0:1): avc:  denied  { module_load } for path="${path}" scontext=u:r:su:s0`,
        ),
      code: "not-permitted",
      exitStatus: 5,
      says: /does not allow loading .*avc: {2}denied/,
    },
    {
      what: "not permitted, locked down",
      diagnostics:
        inserting.kmod("Operation not permitted") +
        kernelLog(
          "[ 9.0] Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7",
        ),
      code: "not-permitted",
      exitStatus: 5,
      says: /does not allow loading .*Lockdown: insmod: unsigned module loading is restricted/,
    },
    ...[
      "Protected symbol: sysfs_create_bin_file (err -13)",
      "Unknown symbol sysfs_create_bin_file (err -13)",
    ].map((words) => ({
      what: `a protected symbol: ${words}`,
      diagnostics: inserting.toybox("Permission denied") + kernelLog(`[ 41.1] kheaders: ${words}`),
      code: "module-refused",
      exitStatus: 4,
      says: /was not built with this kernel: kheaders: \w+ symbol:? sysfs_create_bin_file \(err -13\)$/,
    })),
    {
      what: "a compressed module, which modprobe alone loads",
      diagnostics: ran(
        "modprobe kheaders",
        1,
        "modprobe: ERROR: could not insert 'kheaders': Exec format error",
      ),
      code: "module-refused",
      exitStatus: 4,
      says: /was built for another kernel: .*Exec format error/,
    },
    // The tools.
    {
      what: "no tools",
      diagnostics: ran("modprobe kheaders", 127, "sh: modprobe: not found") + ran(`insmod ${path}`, 127),
      code: "module-refused",
      exitStatus: 4,
      says: /neither modprobe nor insmod/,
    },
    {
      what: "modprobe alone is missing",
      diagnostics: ran("modprobe kheaders", 127) + inserting.toybox("Exec format error"),
      code: "module-refused",
      exitStatus: 4,
      says: /was built for another kernel/,
    },
    {
      what: "for a reason that nobody knows",
      diagnostics: noModprobe + inserting.toybox("Bad address"),
      code: "module-refused",
      exitStatus: 4,
      says: /modprobe: module kheaders not found.*; insmod .*: Bad address$/,
    },
    {
      what: "and its tool says nothing",
      diagnostics: noModprobe + ran(`insmod ${path}`, 1),
      code: "module-refused",
      exitStatus: 4,
      says: /insmod \/vendor\/lib\/modules\/kheaders\.ko: status 1$/,
    },
  ])("$what", ({ diagnostics, code, exitStatus, says }) => {
    const error = explainRefusal(context({ diagnostics }));
    expect(error).toMatchObject({ code, exitStatus, message: expect.stringMatching(says) });
    expect(error.hint).toBeTruthy();
  });

  it("for the sake of policy may be read all the same; one that does not fit may not", () => {
    const refused = (reason: string) =>
      explainRefusal(context({ diagnostics: noModprobe + inserting.toybox(reason) }));
    for (const reason of ["Key was rejected by service", "Operation not permitted", "Permission denied"])
      expect(refused(reason), reason).toBeInstanceOf(LoadingRefused);
    for (const reason of [
      "Exec format error",
      "Unknown symbol in module",
      "Cannot allocate memory",
      "Bad address",
    ])
      expect(refused(reason), reason).not.toBeInstanceOf(LoadingRefused);
  });

  it("is not explained by what other modules did", () => {
    const diagnostics =
      inserting.toybox("Bad address") +
      kernelLog("[ 9.0] wlan: Unknown symbol x (err -2)", "[ 9.1] Out of memory");
    expect(explainRefusal(context({ diagnostics })).message).toMatch(/Bad address$/);
  });

  it("is not explained by what the kernel said of an earlier attempt", () => {
    const diagnostics =
      inserting.toybox("Out of memory") +
      kernelLog("[ 9.0] kheaders: Loading of unsigned module is rejected", "[ 9.5] wlan: fine");
    expect(explainRefusal(context({ diagnostics })).message).toMatch(/no memory left/);
  });

  it("is explained by the kernel's last word", () => {
    const diagnostics =
      inserting.toybox("No such file or directory") +
      kernelLog(
        "[ 9.0] kheaders: Loading of unsigned module is rejected",
        "[ 9.5] kheaders: Unknown symbol sysfs_new (err -2)",
      );
    expect(explainRefusal(context({ diagnostics })).message).toMatch(/Unknown symbol sysfs_new/);
  });

  it("is explained by what the module that was tried says, not by a modprobe that knows another", () => {
    const diagnostics =
      ran("modprobe kheaders", 1, "modprobe: Operation not permitted") +
      inserting.toybox("Exec format error");
    expect(explainRefusal(context({ diagnostics })).code).toBe("module-refused");
  });

  it("moves no cursor where it is explained", () => {
    const hostile = "/vendor/lib/modules/\x1b[2J/kheaders.ko";
    const diagnostics = ran(`insmod ${hostile}`, 1, "insmod: \x1b]0;gone\x07 Exec format error");
    const error = explainRefusal(context({ path: hostile, diagnostics }));
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.message).toContain("\\x1b[2J");
  });
});

describe("a module that is not found", () => {
  it("was never built", () => {
    expect(
      explainRefusal(context({ refusal: "module-not-found", path: undefined, ikheaders: null })),
    ).toMatchObject({
      code: "no-headers",
      exitStatus: 4,
      message: expect.stringMatching(/built without CONFIG_IKHEADERS/),
      hint: expect.stringMatching(/CONFIG_IKHEADERS=y/),
    });
  });

  it.each([
    {
      ikheaders: "m",
      says: /^the kernel has CONFIG_IKHEADERS=m, but kheaders\.ko is in none/,
      hint: /^Install/,
    },
    { ikheaders: undefined, says: /^kheaders\.ko is in none/, hint: /^Build the kernel/ },
  ])("was built as $ikheaders and lies nowhere", ({ ikheaders, says, hint }) => {
    const refusal = context({
      refusal: "module-not-found",
      path: undefined,
      ikheaders,
      diagnostics: noModprobe,
    });
    const error = explainRefusal(refusal);
    expect(error).toMatchObject({
      code: "no-headers",
      exitStatus: 4,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(hint),
    });
    expect(error.message).toContain("modprobe: module kheaders not found in modules.dep");
    for (const folder of moduleFolders) expect(error.message).toContain(folder);
  });

  it("may lie in a folder that not even root may list", () => {
    const denied = ["/system_dlkm/lib/modules", "/vendor_dlkm/lib/modules"];
    const refusal = context({ refusal: "module-not-found", path: undefined, ikheaders: "m", denied });
    expect(explainRefusal(refusal)).toMatchObject({
      code: "not-permitted",
      exitStatus: 5,
      message: expect.stringContaining(
        "even root may not list /system_dlkm/lib/modules, /vendor_dlkm/lib/modules",
      ),
    });
  });
});

describe("a user who may not", () => {
  it("read the archive needs root: that is never 'no headers'", () => {
    const error = explainRefusal(
      context({ refusal: "unreadable", path: "/sys/kernel/kheaders.tar.xz", ikheaders: null }),
    );
    expect(error).toMatchObject({
      code: "needs-root",
      exitStatus: 5,
      message: expect.stringContaining("/sys/kernel/kheaders.tar.xz"),
    });
  });

  it.each<{ what: string; some: Partial<RefusalContext>; code: string }>([
    { what: "that is there to see", some: { ikheaders: null }, code: "needs-root" },
    { what: "that may be somewhere", some: { path: undefined, ikheaders: "m" }, code: "needs-root" },
    { what: "of a kernel that does not tell", some: { path: undefined }, code: "needs-root" },
    { what: "that was never built", some: { path: undefined, ikheaders: null }, code: "no-headers" },
  ])("load the module $what: $code", ({ some, code }) => {
    expect(explainRefusal(context({ refusal: "needs-root", ...some })).code).toBe(code);
  });

  it("load a module is told of another way where its file is there to see", () => {
    const hint = (some: Parameters<typeof context>[0]) => explainRefusal(context(some)).hint;
    expect(hint({ refusal: "needs-root" })).toContain("--no-load");
    expect(hint({ refusal: "needs-root", path: undefined, ikheaders: "m" })).not.toContain("--no-load");
  });

  it("load a module is told of the folders where it may be", () => {
    const denied = ["/system_dlkm/lib/modules"];
    const error = explainRefusal(context({ refusal: "needs-root", path: undefined, ikheaders: "m", denied }));
    expect(error.message).toContain("/system_dlkm/lib/modules, which this user may not list");
  });
});

describe("every refusal", () => {
  const meanings: Record<Refusal, readonly [code: ErrorCode, exitStatus: number]> = {
    gone: ["transfer-cut", 6],
    unreadable: ["needs-root", 5],
    "needs-root": ["needs-root", 5],
    "modules-unreadable": ["not-permitted", 5],
    "no-archive": ["no-headers", 4],
    "module-not-found": ["no-headers", 4],
    "load-failed": ["module-refused", 4],
    "unknown-command": ["protocol-error", 6],
  };

  it.each(refusals)("has a code and something to say: %s", (refusal) => {
    const [code, exitStatus] = meanings[refusal];
    const error = explainRefusal(context({ refusal }));
    expect(error).toMatchObject({ code, exitStatus });
    expect(error.message).toBeTruthy();
  });
});
