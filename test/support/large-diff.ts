import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelDiff, ShapeMember, TypeChange } from "../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../host/compare/diff/types/members.js";
import { kernelSide } from "./kernel-sides.js";
import { symbolsDiff } from "./symbols-diff.js";

const count = (length: number) => Array.from({ length }, (_, index) => index);

/** Two made-up kernels that differ in more than a page can show, in every part. Writes their headers to a folder. */
export function largeDiff(folder: string): KernelDiff {
  const [old, now] = [
    kernelSide("6.1.0-old", join(folder, "old")),
    kernelSide("6.12.0-new", join(folder, "new")),
  ];
  return {
    old,
    new: now,
    config: {
      diff: {
        from: { old: "device", new: "device" },
        options: count(4000).map((index) => ({
          option: `CONFIG_DRIVER_NUMBER_${index}`,
          old: index % 3 === 0 ? undefined : "y",
          new: index % 3 === 1 ? undefined : "m",
        })),
      },
    },
    headers: { diff: { files: [...changedHeaders(old.tree, now.tree), ...addedHeaders()], same: 1 } },
    types: {
      diff: {
        from: { old: "device", new: "device" },
        types: count(4000).map(typeNumber),
        same: 1,
        has: () => true,
        details: ({ oldSize = 0, newSize = 0 }) =>
          diffShapes(
            { size: oldSize, members: members(0), values: [] },
            { size: newSize, members: members(3), values: [] },
          ),
      },
    },
    symbols: {
      diff: symbolsDiff(
        count(20_000).map((index) => ({
          name: `exported_symbol_${index}`,
          old: index % 10 === 0 ? undefined : index,
          new: index % 10 === 1 ? undefined : index + 1,
        })),
      ),
    },
  };
}

function changedHeaders(old: string, now: string) {
  return count(1500).map((index) => {
    const folder = `include/part${index % 40}`;
    const path = `${folder}/header${index}.h`;
    for (const [tree, name] of [
      [old, "OLD"],
      [now, "NEW"],
    ] as const) {
      mkdirSync(join(tree, folder), { recursive: true });
      const line = (number: number) =>
        `#define ${number % 9 === 0 ? name : "SAME"}_${number} (1 << ${number})\n`;
      writeFileSync(join(tree, path), count(120).map(line).join(""));
    }
    return { path, change: "changed" as const };
  });
}

function addedHeaders() {
  return count(3000).map((index) => ({ path: `tools/include/new${index}.h`, change: "added" as const }));
}

function typeNumber(index: number): TypeChange {
  const name = index === 0 ? "task_struct" : `some_struct_${index}`;
  return {
    kind: "struct",
    name,
    isTypedef: false,
    change: "changed",
    oldSize: 320,
    newSize: 344,
    oldId: index,
    newId: index,
  };
}

/** Members after as many others, which are new. */
function members(shift: number): ShapeMember[] {
  const names = [
    ...count(shift).map((index) => `new_${index}`),
    ...count(40).map((index) => `member_${index}`),
  ];
  return names.map((path, index) => ({
    path,
    type: "unsigned long",
    bitOffset: index * 64,
    bitSize: 64,
    isBitField: false,
  }));
}
