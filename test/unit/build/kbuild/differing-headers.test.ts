import { expect, it } from "vitest";
import { differingHeaders } from "../../../../host/build/kbuild/differing-headers.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { writeTree } from "../../../support/kernel-tree.js";

it("are those with other code, or that are missing, in the first of the folders that has them", async () => {
  const tree = writeTree(temporaryFolder(), {
    files: {
      "include/linux/same.h": "int same;\n",
      "include/linux/commented.h": "/* SPDX-License-Identifier: GPL-2.0 */\nint a;  \n",
      "include/linux/other.h": "int other;\n",
      "include/linux/new.h": "int new;\n",
      "include/generated/bounds.h": "#define A 1\n",
      "arch/arm64/include/generated/asm/x.h": "1\n",
      "arch/arm64/include/asm/second.h": "int second;\n",
    },
  });
  const first = writeTree(temporaryFolder(), {
    files: {
      "include/linux/same.h": "int same;\n",
      "include/linux/commented.h": "/* SPDX-License-Identifier: GPL-2.0 */\nint a; /* of\n two lines */ \n",
      "include/linux/other.h": "long other;\n",
      "include/generated/bounds.h": "#define A 2\n",
    },
  });
  const second = writeTree(temporaryFolder(), {
    files: { "include/linux/other.h": "int other;\n", "arch/arm64/include/asm/second.h": "int second;\n" },
  });
  expect(await differingHeaders(tree, [first, second], "arm64", new AbortController().signal)).toEqual([
    "include/linux/new.h",
    "include/linux/other.h",
  ]);
});
