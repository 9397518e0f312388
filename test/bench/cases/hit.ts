import { stockKernel } from "../archives.js";
import type { Race } from "../bench-case.js";
import { together } from "../bench-lab.js";

/** A pull of a kernel that the cache has. The slow shell of an emulated device would hide what we take. */
export const hit: Race = {
  kind: "race",
  name: "hit",
  ours: "a pull from the cache, of a simulated device",
  theirs: "node -e 0, then adb shell true",
  goals: { wall: { atMost: 1.5, aim: 1.3 } },
  async prepare(lab, place) {
    const { serial } = await lab.simulateOne(await stockKernel());
    const env = { ...lab.env(place.folder()), ANDROID_SERIAL: serial };
    const command = [process.execPath, lab.kheaders, "pull"];
    await lab.run(command, env);
    return {
      ours: () => lab.run(command, env),
      theirs: async () => {
        const node = await lab.run([process.execPath, "-e", "0"], env);
        return together(node, await lab.run(["adb", "shell", "true"], env));
      },
    };
  },
};
