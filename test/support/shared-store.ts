import { join } from "node:path";
import type { Cache, CacheEntry } from "../../host/cache/index.js";
import { autoconfPath, releasePath } from "../../host/kernel/belonging.js";
import { macrosOf, parseDotConfig } from "../../host/kernel/config.js";
import { pushKernel } from "../../host/sharing/push.js";
import { openRepository } from "../../host/store/open.js";
import type { Repository } from "../../host/store/repository.js";
import { temporaryCache, temporaryFolder } from "./cache-fixture.js";
import { dotConfig, folderWith, importFrom, kernelArchive } from "./import-files.js";

/** Its release names a public build, so release and configuration are enough to tell it from others. */
export const release = "6.1.57-android14-11-gabc-ab12345678";

/** Symbol versions as a build has them. */
export const symvers =
  "0x037a0cba\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n0x12345678\tfoo\tvmlinux\tEXPORT_SYMBOL_GPL\t\n";

function autoconfOf(config: string): string {
  return Array.from(macrosOf(parseDotConfig(config)), ([name, value]) => `#define ${name} ${value}\n`).join(
    "",
  );
}

/** A store in a folder of the test's own. */
export function folderStore(): { readonly repository: Repository; readonly folder: string } {
  const folder = join(temporaryFolder(), "store");
  return { repository: openRepository(`oci:${folder}`), folder };
}

/** A cache with one kernel that was imported: an archive, its configuration, and symbol versions. */
export async function filledCache(
  content = "",
  config = dotConfig,
): Promise<{ readonly cache: Cache; readonly entry: CacheEntry }> {
  const cache = temporaryCache();
  const folder = folderWith({
    "kheaders.tar.xz": kernelArchive({
      "include/linux/more.h": content,
      [autoconfPath]: autoconfOf(config),
      [releasePath]: `#define UTS_RELEASE "${release}"\n`,
    }),
    ".config": config,
    "Module.symvers": symvers,
  });
  const { entry } = await importFrom([folder], { cache });
  if (entry === undefined) throw new Error("nothing was imported");
  return { cache, entry };
}

/** A store that has that kernel. */
export async function filledStore(content = "") {
  const store = folderStore();
  const filled = await filledCache(content);
  const { signal } = new AbortController();
  const pushed = await pushKernel(store.repository, filled.entry, {
    cache: filled.cache,
    replace: false,
    signal,
  });
  return { ...store, ...filled, pushed };
}
