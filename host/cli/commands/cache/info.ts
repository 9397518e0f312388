import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import { counted, formatBytes } from "../../report/units.js";

export const add = command({
  name: "info",
  summary: "show how much the cache holds",
  examples: ["kheaders cache info"],
  async run({ flags }) {
    const info = await (await openCacheOf(flags)).info();
    return {
      json: [info],
      lines: [
        `folder:    ${info.dir}`,
        `format:    ${info.format}`,
        `kernels:   ${info.kernels}`,
        `trees:     ${info.trees} (${info.inUse} in use)`,
        `disk:      ${formatBytes(info.bytes)}, ${counted(info.inodes, "inode")}`,
        `archives:  ${formatBytes(info.archiveBytes)}`,
        `BTF:       ${formatBytes(info.btfBytes)} of ${counted(info.btf, "kernel")}`,
      ],
    };
  },
});
