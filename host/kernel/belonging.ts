import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { type ConfigMacros, differingMacros, type KernelConfig, macrosOf, parseAutoconf } from "./config.js";

/** The file of a tree that has its kernel's release. */
export const releasePath = "include/generated/utsrelease.h";
/** The file of a tree that has its kernel's configuration. */
export const autoconfPath = "include/generated/autoconf.h";
const namedDifferences = 5;

/** Whether an archive belongs to the running kernel. */
export type Belonging =
  | { readonly belongs: true }
  | {
      readonly belongs: false;
      /** One line that says why it does not. */
      readonly reason: string;
      /** What the device says that the archive contradicts; undefined if the archive says too little to be compared. */
      readonly contradicts: "uname -r" | "/proc/config.gz" | undefined;
    };

/** Collects from an archive's files, as they pass by, what proves which kernel it was made from. */
export class KernelEvidence {
  #utsrelease: string | undefined;
  #config: ConfigMacros | undefined;

  /** Remembers a file of the archive if it says something about the kernel. */
  see(path: string, content: Uint8Array): void {
    if (path === releasePath) this.#utsrelease = Buffer.from(content).toString();
    if (path === autoconfPath) this.#config = parseAutoconf(Buffer.from(content).toString());
  }

  /** The archive's release (`UTS_RELEASE`), or undefined if it has none. */
  get release(): string | undefined {
    return releaseIn(this.#utsrelease ?? "");
  }

  /** The archive's configuration, or undefined if it has none. */
  get config(): ConfigMacros | undefined {
    return this.#config;
  }

  /**
   * Compares the archive with the running kernel: `uname -r`, and the kernel's configuration if it is known. A
   * kheaders.ko of another kernel loads without a warning if the kernel has MODVERSIONS, so this is the only guard.
   * `utsversion.h` proves nothing: it is older than the kernel that it is in.
   */
  belongsTo(release: string, config: KernelConfig | undefined): Belonging {
    if (this.release === undefined) {
      return {
        belongs: false,
        reason: `it has no ${releasePath} that defines its release`,
        contradicts: undefined,
      };
    }
    if (this.release !== release) {
      const its = printable(this.release, 200);
      return {
        belongs: false,
        reason: `its headers are of ${its}, the running kernel is ${printable(release, 200)}`,
        contradicts: "uname -r",
      };
    }
    if (config === undefined) return { belongs: true };
    if (this.#config === undefined) {
      return {
        belongs: false,
        reason: `it has no ${autoconfPath} to compare with the kernel's configuration`,
        contradicts: undefined,
      };
    }
    const differing = differingMacros(macrosOf(config), this.#config);
    if (differing.length === 0) return { belongs: true };
    const named = differing.slice(0, namedDifferences).map((name) => printable(name, 80));
    const more = differing.length > named.length ? ` and ${differing.length - named.length} more` : "";
    return {
      belongs: false,
      reason: `its configuration differs from the running kernel's in ${named.join(", ")}${more}`,
      contradicts: "/proc/config.gz",
    };
  }
}

/** The release in the text of `include/generated/utsrelease.h` (`UTS_RELEASE`). */
export function releaseIn(utsrelease: string): string | undefined {
  return /^#define UTS_RELEASE "(.*)"$/m.exec(utsrelease)?.[1];
}

/** The error for an archive of another kernel. */
export function mismatch(reason: string): KheadersError {
  return new KheadersError(
    "archive-mismatch",
    `the device's headers are not of the kernel that it runs: ${reason}`,
    {
      hint:
        "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm). " +
        "--allow-mismatch unpacks them anyway.",
    },
  );
}
