import { appendFile, cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { architectureFacts } from "./architecture.js";
import { run } from "./command.js";
import type { KernelHeaders } from "./packages.js";

/**
 * A copy of the headers of one architecture whose Makefile finds the common ones where they are now. It is configured as a
 * kernel that has kheaders as a module is; Debian's are not.
 */
export async function prepareHeaders(headers: KernelHeaders, folder: string): Promise<KernelHeaders> {
  await mkdir(dirname(folder), { recursive: true });
  await cp(headers.arch, folder, { recursive: true });
  await appendFile(join(folder, ".config"), "CONFIG_IKHEADERS=m\n");
  await appendFile(join(folder, "include/generated/autoconf.h"), "#define CONFIG_IKHEADERS_MODULE 1\n");
  await writeFile(join(folder, "Makefile"), `include ${headers.common}/Makefile\n`);
  return { ...headers, arch: folder };
}

/** Builds the modules of `folder`; `.incbin` finds what lies beside the source. */
export async function buildModules(
  headers: KernelHeaders,
  names: readonly string[],
  folder: string,
): Promise<void> {
  const { kernel, toolPrefix } = architectureFacts[headers.architecture];
  const objects = names.map((name) => `${name}.o`).join(" ");
  await writeFile(join(folder, "Kbuild"), `obj-m := ${objects}\nccflags-y += -Wa,-I$(src)\n`);
  const tools = [`ARCH=${kernel}`, `CROSS_COMPILE=${toolPrefix}`, `CC=${toolPrefix}gcc`];
  await run("make", ["-C", headers.arch, `M=${folder}`, ...tools, "modules"]);
}
