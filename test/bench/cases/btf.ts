import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tracerHeaders } from "../../../host/build/tracer-headers.js";
import { stockKernel } from "../archives.js";
import type { BenchCase } from "../bench-case.js";
import { runTimed } from "../process.js";

/** BTF of a kernel whose headers are cached, against the commands that a person would type for it. */
export const btf: BenchCase = {
  name: "btf",
  ours: "`kheaders btf --from headers`, made anew",
  theirs: "clang and pahole by hand, with the flags of `kheaders cflags --kernel`",
  unit: "ms",
  goal: { atMost: 1.1, aim: 1 },
  async prepare(lab) {
    const [device] = await lab.simulate(await stockKernel(), 1);
    if (device === undefined) throw new Error("there is no simulated device");
    const env = { ...lab.env(lab.folder()), ANDROID_SERIAL: device.serial };
    const asked = async (...args: readonly string[]) =>
      (await runTimed([process.execPath, lab.kheaders, ...args], env)).stdout.trim();
    const tree = await asked("pull");
    const flags: string[] = JSON.parse(await asked("cflags", "--kernel", "--json"));
    const includes = tracerHeaders.map(({ header }) => `#include <${header}>`).join("\\n");
    return {
      ours: async () => {
        const args = ["btf", tree, "--from", "headers", "--refresh"];
        return (await runTimed([process.execPath, lab.kheaders, ...args], env)).ms;
      },
      theirs: async () => {
        const folder = join(lab.folder(), "by-hand");
        mkdirSync(folder, { recursive: true });
        const script =
          `cd "$1"; shift; printf '${includes}\\n' | ` +
          'clang "$@" -w -g -fno-eliminate-unused-debug-types -x c -c -o headers.o - && ' +
          "pahole -J --btf_encode_detached=vmlinux.btf headers.o";
        return (await runTimed(["sh", "-c", script, "sh", folder, ...flags], env)).ms;
      },
    };
  },
};
