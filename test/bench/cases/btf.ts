import { tracerHeaders } from "../../../host/build/tracer-headers.js";
import { stockKernel } from "../archives.js";
import type { Race } from "../bench-case.js";

/** BTF of a kernel whose headers are cached, against the commands that a person would type for it. */
export const btf: Race = {
  kind: "race",
  name: "btf",
  ours: "`kheaders btf --from headers`, made anew",
  theirs:
    "clang, asked for its own headers before, and pahole by hand, with the flags of `kheaders cflags --kernel`",
  goals: { wall: { atMost: 1.1, aim: 1 } },
  async prepare(lab, place) {
    const { serial } = await lab.simulateOne(await stockKernel());
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    const asked = async (...args: readonly string[]) =>
      (await lab.run([process.execPath, lab.kheaders, ...args], env)).stdout.trim();
    const tree = await asked("pull");
    const flags: string[] = JSON.parse(await asked("cflags", "--kernel", "--json"));
    flags.splice(flags.indexOf("-isystem"), 2);
    const includes = tracerHeaders.map(({ header }) => `#include <${header}>`).join("\\n");
    const script =
      `cd "$1"; shift; printf '${includes}\\n' | ` +
      'clang -isystem "$(clang -print-resource-dir)/include" "$@" -w -g -fno-eliminate-unused-debug-types -x c -c -o headers.o - && ' +
      "pahole -J --btf_encode_detached=vmlinux.btf headers.o";
    return {
      ours: () =>
        lab.run([process.execPath, lab.kheaders, "btf", tree, "--from", "headers", "--refresh"], env),
      theirs: () => lab.run(["sh", "-c", script, "sh", place.folder(), ...flags], env),
    };
  },
};
