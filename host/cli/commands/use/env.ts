import { machine } from "node:os";
import { command } from "../../options/command.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { treeArgument } from "../../options/tree.js";

export const add = command<PullFlags, [tree: string | undefined]>({
  name: "env",
  summary: "print variables for builds: KDIR, ARCH, CROSS_COMPILE and others",
  arguments: [treeArgument],
  options: pullOptions,
  examples: ['eval "$(kheaders env)" && make -C "$KDIR" M=$PWD modules'],
  async run(context, what) {
    const { withTree } = await import("../../../pull/tree/locate.js");
    const { buildVariables } = await import("../../../build/build-variables.js");
    const { readTreeFacts } = await import("../../../kernel/tree-facts.js");
    const { shellWord } = await import("../../../build/quoting.js");
    const { cachedBtf } = await import("../../../btf/cached.js");
    const options = await pullOptionsOf(context);
    const variables = await withTree(what, options, async (located) => ({
      ...buildVariables(readTreeFacts(located.tree), machine()),
      BPFTRACE_BTF: cachedBtf(located, options.cache) ?? "",
    }));
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`);
    return { json: [variables], lines };
  },
});
