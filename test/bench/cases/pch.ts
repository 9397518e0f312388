import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stockKernel } from "../archives.js";
import type { BenchCase } from "../bench-case.js";
import { runTimed } from "../process.js";

const program = fileURLToPath(new URL("../../e2e/programs/tcp_connect.c", import.meta.url));

/** An eBPF program's way through clang, with headers that were precompiled before. */
export const pch: BenchCase = {
  name: "pch",
  ours: "an eBPF program compiled with the precompiled headers of `kheaders pch`",
  theirs: "the same program without",
  unit: "ms",
  async prepare(lab) {
    const [device] = await lab.simulate(await stockKernel(), 1);
    if (device === undefined) throw new Error("there is no simulated device");
    const env = { ...lab.env(lab.folder()), ANDROID_SERIAL: device.serial };
    const asked = async (...args: readonly string[]) =>
      (await runTimed([process.execPath, lab.kheaders, ...args], env)).stdout;
    const flags: string[] = JSON.parse(await asked("cflags", "--bpf", "--json"));
    const made: { flags: string[]; bytes: number } = JSON.parse(await asked("pch", "--bpf", "--json"));
    const compile = async (more: readonly string[]) => {
      const object = join(lab.folder(), "program.bc");
      const words = ["clang", ...flags, ...more, "-c", "-emit-llvm", "-o", object, program];
      return (await runTimed(words, env)).ms;
    };
    return {
      ours: () => compile(made.flags),
      theirs: () => compile([]),
      note: async () => `the precompiled headers take ${(made.bytes / 1e6).toFixed(1)} MB`,
    };
  },
};
