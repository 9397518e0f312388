import { join } from "node:path";
import type { Architecture } from "./architecture.js";
import { kernelPackages } from "./packages.js";

/** Files of the stock kernel that virtual devices boot, as its packages have them. */
export interface StockKernel {
  /** `uname -r`. */
  readonly release: string;
  /** The version of its packages, which `uname -v` names. */
  readonly packageVersion: string;
  /** A bzImage for x86_64, an `Image` for arm64. */
  readonly image: string;
  /** The kernel's own program that signs modules; it runs on this machine. */
  readonly signFile: string;
}

/** The stock kernel of an architecture. */
export async function stockKernel(architecture: Architecture): Promise<StockKernel> {
  const { release, version, root } = await kernelPackages(architecture);
  const own = await kernelPackages("x86_64");
  const [series = ""] = /^\d+\.\d+/.exec(own.release) ?? [];
  return {
    release,
    packageVersion: version,
    image: join(root, `boot/vmlinuz-${release}`),
    signFile: join(own.root, `usr/lib/linux-kbuild-${series}/scripts/sign-file`),
  };
}
