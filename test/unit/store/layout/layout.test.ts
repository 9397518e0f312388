import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { contentOf, readAll } from "../../../../host/store/content.js";
import { formatManifest } from "../../../../host/store/manifest.js";
import { openRepository } from "../../../../host/store/open.js";
import { asTag, type Tag } from "../../../../host/store/repository.js";
import type { Digest } from "../../../../shared/identity.js";

const { signal } = new AbortController();
const tag = asTag("buildid-00") as Tag;
const blob = contentOf("application/vnd.example", Buffer.from("headers"));
const manifest = formatManifest({ artifactType: undefined, layers: [blob], annotations: new Map() });

function temporaryStore() {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-layout-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return { folder, store: openRepository(`oci:${folder}`) };
}

test("what is put there is found again, by tag and by digest", async () => {
  const { folder, store } = temporaryStore();
  expect(await store.tags(signal)).toEqual([]);
  expect(await store.manifest(tag, signal)).toBeUndefined();
  await store.putBlob(blob, signal);
  await store.putManifest(tag, manifest, signal);
  expect(await store.tags(signal)).toEqual([tag]);
  const found = await store.manifest(tag, signal);
  expect(found?.bytes).toEqual(manifest);
  expect(await store.manifest(found?.digest as Digest, signal)).toEqual(found);
  expect((await readAll(store.blob(blob, signal), 100))?.toString()).toBe("headers");
  expect(readFileSync(join(folder, "oci-layout"), "utf8")).toBe('{"imageLayoutVersion":"1.0.0"}');
  expect(readdirSync(folder).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
});

test("tags of others stay, and their annotations", async () => {
  const { folder, store } = temporaryStore();
  await store.putManifest(tag, manifest, signal);
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  const other = {
    ...index.manifests[0],
    annotations: { "org.opencontainers.image.ref.name": "v1", note: "x" },
  };
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ ...index, manifests: [other, { mediaType: "x" }], note: 1 }),
  );
  await store.putManifest(tag, manifest, signal);
  const after = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"));
  expect(after).toMatchObject({ note: 1, manifests: [other, { mediaType: "x" }, index.manifests[0]] });
});

test("many hosts that write at once lose no tag", async () => {
  const { folder } = temporaryStore();
  const tags = Array.from({ length: 20 }, (_, number) => asTag(`buildid-${number}`) as Tag);
  await Promise.all(tags.map((each) => openRepository(`oci:${folder}`).putManifest(each, manifest, signal)));
  expect((await openRepository(`oci:${folder}`).tags(signal)).sort()).toEqual([...tags].sort());
});

test("the lock of a host that died is taken over, and its temporary files are removed", async () => {
  const { folder, store } = temporaryStore();
  for (const name of [".kheaders-lock", ".kheaders-0011"]) {
    writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), 1, 1);
  }
  await store.putManifest(tag, manifest, signal);
  expect(await store.tags(signal)).toEqual([tag]);
  expect(readdirSync(folder).filter((name) => name.startsWith(".kheaders-"))).toEqual([]);
});

test("a blob that was cut or changed is found damaged, and written anew when it is put again", async () => {
  const { folder, store } = temporaryStore();
  await store.putBlob(blob, signal);
  const file = join(folder, "blobs", "sha256", blob.digest);
  const read = () => readAll(store.blob(blob, signal), 100);
  truncateSync(file, 3);
  await expect(read()).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("3 of the 7"),
  });
  writeFileSync(file, "hEaders");
  await expect(read()).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("another digest"),
  });
  writeFileSync(file, "headers and more");
  await expect(read()).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("more than"),
  });
  await store.putBlob(blob, signal);
  expect((await read())?.toString()).toBe("headers");
  rmSync(file);
  await expect(read()).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("is missing"),
  });
});

test("a blob whose source changes while it is stored is not stored", async () => {
  const { folder, store } = temporaryStore();
  const changed = { ...blob, bytes: contentOf("", Buffer.from("hEaders")).bytes };
  await expect(store.putBlob(changed, signal)).rejects.toMatchObject({ code: "store-corrupt" });
  expect(existsSync(join(folder, "blobs", "sha256", blob.digest))).toBe(false);
});

test.each([
  ["an index that is not JSON", "{"],
  ["an index that is none", '{"schemaVersion":2}'],
  ["a manifest that is no object", '{"schemaVersion":2,"manifests":[1]}'],
])("%s is an error, and is not overwritten", async (_, index) => {
  const { folder, store } = temporaryStore();
  writeFileSync(join(folder, "index.json"), index);
  await expect(store.tags(signal)).rejects.toMatchObject({ code: "store-corrupt" });
  await expect(store.putManifest(tag, manifest, signal)).rejects.toMatchObject({ code: "store-corrupt" });
  expect(readFileSync(join(folder, "index.json"), "utf8")).toBe(index);
});

test("a folder that cannot be made is an error that names the store", async () => {
  const { folder } = temporaryStore();
  writeFileSync(join(folder, "file"), "");
  const store = openRepository(`oci:${folder}/file/store`);
  expect(await store.tags(signal)).toEqual([]);
  await expect(store.putBlob(blob, signal)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining(`oci:${folder}/file/store failed: `),
  });
});
