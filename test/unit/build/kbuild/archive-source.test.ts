import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { topFolder, unpackSource } from "../../../../host/build/kbuild/archive-source.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

describe("the folder around a kernel's source", () => {
  it.each([
    ["linux-6.1.57/\nlinux-6.1.57/Makefile\n", "linux-6.1.57/"],
    ["linux-source-6.1/.clang-format\n", "linux-source-6.1/"],
    [".clang-format\nMakefile\n", ""],
    ["Documentation/index.rst\n", ""],
    ["./\n./Makefile\n", "./"],
    ["", ""],
  ])("of %j is %j", (listing, top) => {
    expect(topFolder(listing)).toBe(top);
  });
});

describe("the archive of a source", () => {
  const paths = [
    "Makefile",
    "Kconfig",
    "scripts/Makefile.build",
    "drivers/net/Kconfig",
    "drivers/net/a.c",
    "include/config/auto.conf",
  ];

  async function unpack(top: string, files: readonly string[]): Promise<string> {
    const base = temporaryFolder();
    const source = join(base, "source");
    for (const path of files) {
      mkdirSync(join(source, top, path, ".."), { recursive: true });
      writeFileSync(join(source, top, path), "");
    }
    const archive = join(base, "linux.tar");
    execFileSync("tar", ["-cf", archive, "-C", source, ...(top === "" ? files : [top])]);
    const folder = join(base, "unpacked");
    mkdirSync(folder);
    await unpackSource(archive, "arm64", folder, new AbortController().signal);
    return folder;
  }

  it.each(["linux-6.1", ""])("in the folder %j is unpacked as far as it is needed", async (top) => {
    const folder = await unpack(top, paths);
    const found = paths.filter((path) => existsSync(join(folder, path)));
    expect(found).toEqual(["Makefile", "Kconfig", "scripts/Makefile.build", "drivers/net/Kconfig"]);
  });

  it("is refused if it is of something else", async () => {
    await expect(unpack("other-1.0", ["README", "src/Makefile"])).rejects.toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringContaining("is not a kernel's source"),
      }),
    );
  });

  it("is refused if tar cannot read it", async () => {
    const folder = temporaryFolder();
    const archive = join(folder, "linux.tar");
    writeFileSync(archive, "no archive");
    await expect(unpackSource(archive, "arm64", folder, new AbortController().signal)).rejects.toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("cannot unpack") }),
    );
  });
});
