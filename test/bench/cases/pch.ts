import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stockKernel } from "../archives.js";
import type { Race } from "../bench-case.js";

const program = fileURLToPath(new URL("../../e2e/programs/tcp_connect.c", import.meta.url));

/** An eBPF program's way through clang, with headers that were precompiled before. */
export const pch: Race = {
  kind: "race",
  name: "pch",
  ours: "an eBPF program compiled with the precompiled headers of `kheaders pch`",
  theirs: "the same program without",
  async prepare(lab, place) {
    const { serial } = await lab.simulateOne(await stockKernel());
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    const asked = async (...args: readonly string[]) =>
      (await lab.run([process.execPath, lab.kheaders, ...args], env)).stdout;
    const flags: string[] = JSON.parse(await asked("cflags", "--bpf", "--json"));
    const made: { flags: string[]; bytes: number } = JSON.parse(await asked("pch", "--bpf", "--json"));
    const compile = (more: readonly string[]) => {
      const object = join(place.folder(), "program.bc");
      return lab.run(["clang", ...flags, ...more, "-c", "-emit-llvm", "-o", object, program], env);
    };
    return {
      ours: () => compile(made.flags),
      theirs: () => compile([]),
      note: async () => `the precompiled headers take ${(made.bytes / 1e6).toFixed(1)} MB`,
    };
  },
};
