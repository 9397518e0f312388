import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labModules, stockKernel } from "../../lab/index.js";
import { bootImageFile, pipedThrough } from "../../support/kernel-files.js";
import type { Race } from "../bench-case.js";
import type { BenchLab } from "../bench-lab.js";
import type { Place } from "../places.js";

/** What both scripts end with: the archive that begins the file `from`, unpacked. */
const unpackArchive = 'mkdir tree && xz --single-stream -dc "$from" | tar -x -C tree';

/** `kheaders import` of a file that `make` writes, against a script which gets that file. */
function importing(
  about: Pick<Race, "name" | "ours" | "theirs">,
  make: (folder: string) => Promise<string>,
  script: string,
): Race {
  return {
    kind: "race",
    ...about,
    async prepare(lab: BenchLab, place: Place) {
      // A folder that `clear` does not remove between the runs.
      const file = await make(lab.folder());
      return {
        ours: () => lab.run([process.execPath, lab.kheaders, "import", file], lab.env(place.folder())),
        theirs: () => lab.run(["sh", "-ec", `cd "$1"; ${script}`, "sh", place.folder(), file], process.env),
      };
    },
  };
}

/** A stock arm64 kernel with its headers built in, lz4, in a boot image: 40 MB unpacked. */
const bootImage = importing(
  {
    name: "import-boot",
    ours: "`kheaders import` of a boot image v4 whose kernel has its headers built in, 40 MB unpacked",
    theirs: "lz4, grep for the archive, xz and tar by hand",
  },
  async (folder) => {
    const { image } = await stockKernel("arm64");
    const { archive } = await labModules("arm64");
    const kernel = Buffer.concat([readFileSync(image), readFileSync(archive)]);
    const file = join(folder, "boot.img");
    writeFileSync(file, bootImageFile(4, pipedThrough(kernel, "lz4", "-l")));
    return file;
  },
  // The size of the kernel is the number at byte 8; the last archive in it is the right one.
  `size=$(od -An -tu4 -j8 -N4 "$2"); tail -c +4097 "$2" | head -c $size | lz4 -dc >Image
  at=$(LC_ALL=C grep -abo "$(printf '\\3757zXZ')" Image | tail -n 1 | cut -d: -f1)
  tail -c +$((at + 1)) Image >found; from=found; ${unpackArchive}`,
);

/** An EROFS image of 60 MB, as system_dlkm.img is one, with `kheaders.ko` among bytes that do not compress. */
const erofsImage = importing(
  {
    name: "import-erofs",
    ours: "`kheaders import` of an EROFS image of 60 MB with kheaders.ko",
    theirs: "fsck.erofs, objcopy, xz and tar by hand",
  },
  async (folder) => {
    const { kheaders } = await labModules();
    const modules = join(folder, "root/lib/modules/kernel");
    mkdirSync(modules, { recursive: true });
    copyFileSync(kheaders, join(modules, "kheaders.ko"));
    execFileSync("sh", ["-c", 'head -c 56000000 /dev/urandom >"$1"', "sh", join(modules, "firmware.bin")]);
    const file = join(folder, "system_dlkm.img");
    execFileSync("mkfs.erofs", ["-zlz4", file, join(folder, "root")], { stdio: "pipe" });
    return file;
  },
  `fsck.erofs --extract=root "$2" >/dev/null
  objcopy -O binary --only-section=.rodata root/lib/modules/kernel/kheaders.ko found; from=found; ${unpackArchive}`,
);

export const imports: readonly Race[] = [bootImage, erofsImage];
