import type { BuildId } from "../../shared/identity.js";
import type { ByteSource } from "./byte-source.js";

/** What a kernel file holds. What it does not hold, or not beyond doubt, is undefined. */
export interface KernelFileContents {
  /** The forms that were opened, from the outside in: `["boot image v4", "gzip", "arm64 Image"]`. */
  readonly formats: readonly string[];
  /** The archive of kernel headers, as xz data. Whether it is one throughout is for its reader to check. */
  readonly archive?: ByteSource | undefined;
  /** The configuration, compressed by gzip as it lies in the kernel. */
  readonly config?: Uint8Array | undefined;
  readonly buildId?: BuildId | undefined;
  /** `Linux version …`, without the end of the line. */
  readonly banner?: string | undefined;
  /** As `uname -r` gives it: of the banner, or of a module's `vermagic`. */
  readonly release?: string | undefined;
  /** As `uname -v` gives it. */
  readonly version?: string | undefined;
  /** The kernel's own BTF, without that of its modules. */
  readonly btf?: ByteSource | undefined;
  /** As `uname -m` gives it. */
  readonly machine?: string | undefined;
}
