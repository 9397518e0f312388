// Shows what is cached, and removes what was not used for thirty days:
//   node cache.mjs
import { openCache } from "kheaders";

const day = 24 * 60 * 60 * 1000;
const cache = await openCache();
const { kernels } = await cache.list();
for (const { entry, tree, lastUse } of kernels)
  console.log(entry.kernel.release, tree, lastUse.toISOString());

const { removed, kept, freedBytes } = await cache.prune({ olderThan: 30 * day });
console.log(`removed ${removed.length}, kept ${kept.length}, freed ${freedBytes} bytes`);
