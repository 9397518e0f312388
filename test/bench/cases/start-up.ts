import type { Race } from "../bench-case.js";

/** The start of the program alone. */
export const startUp: Race = {
  kind: "race",
  name: "start-up",
  ours: "kheaders --version",
  theirs: "node -e 0",
  goals: { wall: { atMost: 1.3, aim: 1.2 } },
  async prepare(lab, place) {
    const env = lab.env(place.folder());
    return {
      ours: () => lab.run([process.execPath, lab.kheaders, "--version"], env),
      theirs: () => lab.run([process.execPath, "-e", "0"], env),
    };
  },
};
