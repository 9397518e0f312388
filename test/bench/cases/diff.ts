import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type KernelPackages, kernelPackages, newerKernelPackages } from "../../lab/packages.js";
import type { Goal, Race, Took } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";

/** Runs a command whose status 1 means that something differs. */
function comparing(lab: BenchLab, env: NodeJS.ProcessEnv, ...command: readonly string[]): Promise<Took> {
  return lab.run(["sh", "-c", '"$@" >/dev/null || [ $? = 1 ]', "sh", ...command], env);
}

/** The summary of two cached kernels with all that is known of them, against a comparison of their trees alone. */
function comparison(name: string, ours: string, wall: Goal, ...options: readonly string[]): Race {
  return {
    kind: "race",
    name,
    ours,
    theirs: "`diff -rq` of both trees, which tells of the headers alone",
    goals: { wall },
    async prepare(lab, place) {
      const env = lab.env(place.folder());
      const kernels = [await kernelPackages("x86_64"), await newerKernelPackages("x86_64")];
      const trees = kernels.map((kernel) => importInto(lab, env, kernel));
      const digests = trees.map((tree) => tree.split("/").at(-1) ?? "");
      const kheaders = [process.execPath, lab.kheaders, "diff", ...digests, ...options];
      return {
        ours: () => comparing(lab, env, ...kheaders),
        theirs: () => comparing(lab, env, "diff", "-rq", ...trees),
      };
    },
  };
}

function importInto(
  lab: BenchLab,
  env: NodeJS.ProcessEnv,
  { root, release, headers }: KernelPackages,
): string {
  const sources = [headers.arch, headers.common, join(root, `boot/vmlinuz-${release}`)];
  const args = [lab.kheaders, "import", "--quiet", ...sources];
  return execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim();
}

export const diffs: readonly Race[] = [
  comparison(
    "diff",
    "`kheaders diff` of two stock kernels: headers, options, types and symbols, compared anew",
    { atMost: 2.5, aim: 2 },
    "--refresh",
  ),
  comparison("diff-again", "`kheaders diff` of two stock kernels, the second time", { atMost: 2.5, aim: 1 }),
];
