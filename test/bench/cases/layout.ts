import type { Race } from "../bench-case.js";

/** The layout of a large struct, of a kernel that is cached with its BTF: no device is asked. */
export const layout: Race = {
  kind: "race",
  name: "layout",
  ours: "kheaders layout task_struct, of a cached kernel",
  theirs: "pahole -C task_struct, of the same BTF",
  goals: { wall: { atMost: 1, aim: 0.8 } },
  async prepare(lab, place) {
    const { serial } = await lab.virtualDevice();
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    const asked = async (...args: readonly string[]) =>
      (await lab.run([process.execPath, lab.kheaders, ...args], env)).stdout.trimEnd();
    const tree = await asked("pull");
    const btf = await asked("btf");
    return {
      ours: () => lab.run([process.execPath, lab.kheaders, "layout", "task_struct", tree], env),
      theirs: () => lab.run(["pahole", "-C", "task_struct", btf], env),
    };
  },
};
