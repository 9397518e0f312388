import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram } from "../../support/programs.js";
import { type BenchKernel, stockKernel } from "../archives.js";
import type { Race } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import type { Place } from "../places.js";

/** The registry of the bench, filled by a pull of the device that is measured. */
let filled: Promise<Filled> | undefined;

interface Filled {
  readonly repository: string;
  readonly kernel: BenchKernel;
  readonly serial: string;
  /** The tag of the kernel. */
  readonly tag: string;
}

async function fill(lab: BenchLab): Promise<Filled> {
  const registry = await lab.registry();
  const kernel = await stockKernel();
  const { serial } = await lab.simulateOne(kernel);
  const repository = `${registry.host}/bench/kernels`;
  const env = { ...lab.env(lab.folder()), ANDROID_SERIAL: serial, KHEADERS_STORE: `oci://${repository}` };
  await lab.run([process.execPath, lab.kheaders, "pull", "--store-write"], env);
  const answer = await fetch(`http://${registry.host}/v2/bench/kernels/tags/list`);
  const { tags } = (await answer.json()) as { tags: string[] };
  return { repository, kernel, serial, tag: tags[0] ?? "" };
}

/** A pull from a registry on this machine. */
function pulling(
  about: Pick<Race, "name" | "theirs" | "goals">,
  theirs: (lab: BenchLab, place: Place, has: Filled) => Promise<() => ReturnType<BenchLab["run"]>>,
): Race {
  return {
    kind: "race",
    ours: "a pull into an empty cache, from a registry on this machine",
    ...about,
    async prepare(lab, place) {
      filled ??= fill(lab);
      const has = await filled;
      const store = { ANDROID_SERIAL: has.serial, KHEADERS_STORE: `oci://${has.repository}` };
      return {
        ours: () =>
          lab.run([process.execPath, lab.kheaders, "pull"], { ...lab.env(place.folder()), ...store }),
        theirs: await theirs(lab, place, has),
      };
    },
  };
}

const againstDevice = pulling(
  {
    name: "store-device",
    theirs: "the same from the simulated device",
    goals: { wall: { atMost: 1.1, aim: 1 } },
  },
  async (lab, place, { serial }) =>
    () =>
      lab.run([process.execPath, lab.kheaders, "pull"], {
        ...lab.env(place.folder()),
        ANDROID_SERIAL: serial,
      }),
);

const againstSkopeo = pulling(
  {
    name: "store-skopeo",
    theirs: "`skopeo copy` into a folder, then `tar -xJf`",
    goals: { wall: { atMost: 1, aim: 0.9 } },
  },
  async (lab, place, { repository, tag, kernel }) => {
    if (findProgram("skopeo") === undefined) throw new Error("skopeo is needed: apt-get install skopeo");
    const policy = join(lab.folder(), "policy.json");
    await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
    const script =
      'cd "$1"; skopeo --policy "$4" copy --quiet --src-tls-verify=false "docker://$2" "dir:$1/image"; mkdir tree; tar -xJf "image/$3" -C tree';
    const digest = createHash("sha256")
      .update(await readFile(kernel.archive))
      .digest("hex");
    return () =>
      lab.run(
        ["sh", "-ec", script, "sh", place.folder(), `${repository}:${tag}`, digest, policy],
        process.env,
      );
  },
);

export const fromStore: readonly Race[] = [againstDevice, againstSkopeo];
