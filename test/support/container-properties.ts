import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { removeTree } from "../../host/cache/disk/remove-tree.js";
import { Opener } from "../../host/import/open.js";
import { KheadersError } from "../../shared/errors.js";
import { headerChanges } from "./kernel-file-properties.js";
import { type Mutation, mutations, tarMutations } from "./mutations.js";
import { findProgram } from "./programs.js";
import { skipBecause } from "./skip.js";

/** What a container may be refused for; anything else is a fault of ours. */
const expectedCodes = ["file-corrupt", "file-refused", "tool-missing", "usage"];

/** What is in each container: files in folders, a container in it, and one that is compressed. */
function content(folder: string): string {
  const inside = join(folder, "inside");
  mkdirSync(join(inside, "lib/modules/6.1.57"), { recursive: true });
  writeFileSync(join(inside, "lib/modules/6.1.57/text"), "#\nCONFIG_X=y\n".repeat(400));
  writeFileSync(join(inside, "gki-info.txt"), "kernel_release=6.1.57\n");
  execFileSync("tar", ["-czf", join(inside, "archive.tar.gz"), "-C", inside, "gki-info.txt"]);
  return inside;
}

/** A form of container: the programs that make one, the last of them with the path that it is made at. */
interface Form {
  readonly name: string;
  readonly make: (inside: string, target: string) => readonly (readonly [string, ...string[]])[];
  /** Changes that go far in it, besides those of any file. */
  readonly changes?: () => fc.Arbitrary<Mutation>;
}

const sparse = (target: string): [string, ...string[]] => ["img2simg", `${target}.img`, target];
const forms: readonly Form[] = [
  {
    name: "tar",
    make: (inside, target) => [["tar", "-cf", target, "-C", inside, "."]],
    changes: tarMutations,
  },
  { name: "tar.gz", make: (inside, target) => [["tar", "-czf", target, "-C", inside, "."]] },
  {
    name: "zip",
    make: (inside, target) => [
      ["sh", "-c", `cd ${inside} && exec zip -qr ${target}.zip .`],
      ["mv", `${target}.zip`, target],
    ],
  },
  {
    name: "deb",
    make: (inside, target) => [
      ["sh", "-c", `mkdir ${target}.d && cp -r ${inside}/. ${target}.d && mkdir ${target}.d/DEBIAN`],
      [
        "sh",
        "-c",
        `printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' > ${target}.d/DEBIAN/control`,
      ],
      ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", `${target}.d`, target],
    ],
  },
  {
    name: "ext4",
    make: (inside, target) => [
      ["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^has_journal", "-d", inside, target, "512K"],
    ],
  },
  { name: "EROFS", make: (inside, target) => [["mkfs.erofs", "-zlz4hc", target, inside]] },
  {
    name: "sparse ext4",
    make: (inside, target) => [
      [
        "mke2fs",
        "-q",
        "-t",
        "ext4",
        "-O",
        "^metadata_csum,^has_journal",
        "-d",
        inside,
        `${target}.img`,
        "512K",
      ],
      sparse(target),
    ],
  },
  {
    name: "sparse EROFS",
    make: (inside, target) => [["mkfs.erofs", `${target}.img`, inside], sparse(target)],
  },
];

/** For each form whose programs are installed: whatever is done to a file of it, it is opened, or refused as a file may be. */
export function containerProperties(): [form: string, property: fc.IAsyncProperty<[Mutation[]]>][] {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-containers-"));
  try {
    const inside = content(folder);
    return forms.flatMap(({ name, make, changes = headerChanges }, index) => {
      const target = join(folder, `container-${index}`);
      const steps = make(inside, target);
      const missing = steps.map(([program]) => program).find((program) => findProgram(program) === undefined);
      if (missing !== undefined) {
        skipBecause(`there is no ${missing}`, `containers of the form ${name}`);
        return [];
      }
      for (const [program, ...args] of steps) execFileSync(program, args, { stdio: "pipe" });
      const bytes = readFileSync(target);
      const made = fc.array(fc.oneof(changes(), headerChanges(), mutations()), { maxLength: 3 });
      const property = fc.asyncProperty(made, (all) =>
        expectOpenedOrRefused(all.reduce<Buffer>((changed, change) => change(changed), bytes)),
      );
      return [[name, property]];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function expectOpenedOrRefused(bytes: Buffer): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "kheaders-opened-"));
  const file = join(scratch, "source");
  writeFileSync(file, bytes);
  // A program that hangs is ended, as by the command's time limit; this is a fault of the program.
  const signal = AbortSignal.timeout(60_000);
  const opener = new Opener({ scratch, signal, onOpen: () => undefined });
  try {
    await opener.open(file, "source");
    expect(opener.problems.map(({ code }) => code).filter((code) => !expectedCodes.includes(code))).toEqual(
      [],
    );
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    expect(expectedCodes).toContain(error.code);
  } finally {
    opener.close();
    expect(await removeTree(scratch)).toBe(true);
  }
}
