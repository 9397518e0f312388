import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { digestOf, dotConfig, folderWith, importFrom, kernelArchive } from "../../support/import-files.js";
import { kheadersModule } from "../../support/kernel-files.js";
import { file, folder, member, octal, tar } from "../../support/tar-builder.js";

becomeOrdinaryUser();

const archive = kernelArchive();
const module = kheadersModule(archive);

/** What is found in a tar archive with a module and more. */
function importTar(...members: Buffer[]) {
  const source = folderWith({ "source.tar": tar(...members, file("kheaders.ko", module)) });
  return importFrom([join(source, "source.tar")]);
}

describe("a container", () => {
  test("with files and folders that nobody may read is opened", async () => {
    const { found } = await importTar(folder("hidden", 0), file("hidden/config", dotConfig, 0));
    expect(found.map(({ what }) => what)).toContain("configuration");
  });

  test("with names that are not UTF-8 is opened without them", async () => {
    const name = Buffer.from([0xff, 0xfe]);
    const nested = Buffer.concat([name, Buffer.from("/"), name]);
    const { digest } = await importTar(
      member({ name, type: "5", mode: octal(0o755, 7) }),
      member({ name: nested }, module),
    );
    expect(digest).toBe(digestOf(archive));
  });
});

describe("a folder", () => {
  test("is looked at without what in it may not be read", async () => {
    const source = folderWith({ "kheaders.ko": module, "hidden/file": "", secret: "" });
    for (const name of ["hidden", "secret"]) chmodSync(join(source, name), 0);
    const { digest, events } = await importFrom([source]);
    chmodSync(join(source, "hidden"), 0o755);
    expect(digest).toBe(digestOf(archive));
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    expect(warnings).toEqual([
      expect.stringMatching(/^left out: .*hidden: permission denied$/),
      expect.stringMatching(/^left out: .*secret: permission denied$/),
    ]);
  });

  test("with a name that is not UTF-8 is looked at without that", async () => {
    const source = folderWith({ "kheaders.ko": module });
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff])]), "");
    expect((await importFrom([source])).digest).toBe(digestOf(archive));
  });

  test("that may not be read at all is refused", async () => {
    const source = folderWith({ "kheaders.ko": module });
    chmodSync(source, 0);
    const refused = importFrom([source]);
    await expect(refused).rejects.toMatchObject({
      code: "file-refused",
      message: expect.stringContaining("denied"),
    });
    chmodSync(source, 0o755);
  });
});
