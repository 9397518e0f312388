import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Cache } from "../../host/cache/index.js";
import { type ImportResult, importHeaders } from "../../host/import/import.js";
import type { ImportOptions } from "../../host/import/options.js";
import type { ProgressEvent } from "../../shared/progress.js";
import { archiveOf, type Contents, leftoversIn, temporaryCache, temporaryFolder } from "./cache-fixture.js";
import { kheadersModule } from "./kernel-files.js";

/** The release of {@link kheadersModule}. */
export const release = "6.1.57-android14-11-gabc";

/** The generated headers of a kernel. */
export const generated: Contents = {
  "include/generated/utsrelease.h": `#define UTS_RELEASE "${release}"\n`,
  "include/generated/autoconf.h":
    "#define CONFIG_ARM64 1\n#define CONFIG_BPF 1\n#define CONFIG_USB_MODULE 1\n",
};

/** Its configuration. */
export const dotConfig = `#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.1.57 Kernel Configuration
#
CONFIG_ARM64=y
CONFIG_BPF=y
CONFIG_USB=m
`;

/** The archive of that kernel. */
export function kernelArchive(contents: Contents = {}): Buffer {
  return Buffer.from(archiveOf({ ...generated, ...contents }).bytes);
}

export function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Writes files into a new folder. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A folder as a partition of modules has it. */
export function modulesFolder(module: Uint8Array = kheadersModule(kernelArchive())): string {
  return folderWith({
    [`lib/modules/${release}/kernel/kernel/kheaders.ko`]: module,
    [`lib/modules/${release}/modules.dep`]: "kernel/kernel/kheaders.ko:\n",
  });
}

/** Imports into a cache of the test's own, in which nothing temporary may be left, however it ends. */
export async function importFrom(
  sources: readonly string[],
  options: Partial<ImportOptions> = {},
): Promise<ImportResult & { readonly cache: Cache; readonly events: readonly ProgressEvent[] }> {
  const cache = options.cache ?? temporaryCache();
  const events: ProgressEvent[] = [];
  onTestFinished(({ expect }) => expect(leftoversIn(cache.dir)).toEqual([]));
  const imported = await importHeaders({
    fingerprint: undefined,
    signal: new AbortController().signal,
    onProgress: (event) => events.push(event),
    ...options,
    sources,
    cache,
  });
  return { ...imported, cache, events };
}
