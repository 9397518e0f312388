import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseStoreAddress, type StoreAddress } from "../../../host/store/address.js";
import { contentOf, readAll } from "../../../host/store/content.js";
import type { Credentials } from "../../../host/store/credentials/credentials.js";
import { formatManifest } from "../../../host/store/manifest.js";
import { RegistryRepository } from "../../../host/store/registry/registry.js";
import { asTag, type Tag } from "../../../host/store/repository.js";
import { type Registry, startRegistry } from "../../lab/index.js";
import { labPassword } from "../../support/registry-user.js";

const { signal } = new AbortController();
const tag = asTag("buildid-00") as Tag;
const bytes = Buffer.alloc(5_000_000, "headers ");
const blob = contentOf("application/vnd.example", bytes);
const manifest = (note: string) =>
  formatManifest({
    artifactType: "application/vnd.example.thing",
    layers: [blob],
    annotations: new Map([["note", note]]),
  });

function open({ host }: Registry, credentials?: Credentials): RegistryRepository {
  const address = parseStoreAddress(`oci://${host}/lab/kernels`) as Extract<
    StoreAddress,
    { kind: "registry" }
  >;
  return new RegistryRepository({
    address,
    insecure: false,
    stallSeconds: 60,
    credentials: async () => credentials,
  });
}

async function put(store: RegistryRepository, note: string): Promise<void> {
  await store.putBlob(blob, signal);
  await store.putBlob(contentOf("application/vnd.oci.empty.v1+json", Buffer.from("{}")), signal);
  await store.putManifest(tag, manifest(note), signal);
}

describe("a repository on Debian's docker-registry", () => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry?.stop());

  it("gives what was put there, and what is put there later", async () => {
    const store = open(registry);
    expect(await store.manifest(tag, signal)).toBeUndefined();
    expect(await store.tags(signal)).toEqual([]);
    await put(store, "one");
    expect((await store.manifest(tag, signal))?.bytes).toEqual(manifest("one"));
    await put(store, "two");
    const found = await store.manifest(tag, signal);
    expect(found?.bytes).toEqual(manifest("two"));
    expect(found && (await store.manifest(found.digest, signal))).toEqual(found);
    expect(await store.tags(signal)).toEqual([tag]);
    expect((await readAll(store.blob(blob, signal), 1e7))?.equals(bytes)).toBe(true);
  });

  it("refuses a blob that is not what its digest says", async () => {
    const other = contentOf("application/vnd.example", Buffer.from("other"));
    const wrong = { ...other, bytes: contentOf("", Buffer.from("wrong")).bytes };
    await expect(open(registry).putBlob(wrong, signal)).rejects.toMatchObject({
      code: "store-failed",
      message: expect.stringContaining("400 DIGEST_INVALID"),
    });
  });

  it("can be killed while a blob comes or goes: that is an error, and it works again afterwards", async () => {
    const store = open(registry);
    const reading = async () => {
      for await (const _chunk of store.blob(blob, signal)) await registry.kill();
    };
    await expect(reading()).rejects.toMatchObject({ code: "store-failed" });
    await registry.start();
    const large = contentOf("application/vnd.example", Buffer.alloc(20_000_000, "x"));
    const sent = {
      ...large,
      async *bytes() {
        yield Buffer.alloc(10_000_000, "x");
        await registry.kill();
        yield Buffer.alloc(10_000_000, "x");
      },
    };
    await expect(store.putBlob(sent, signal)).rejects.toMatchObject({ code: "store-failed" });
    await registry.start();
    await store.putBlob(large, signal);
    expect((await readAll(store.blob(large, signal), 1e8))?.length).toBe(large.size);
  });
});

describe("a docker-registry with users", () => {
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry({ htpasswd: labPassword.htpasswd });
  });
  afterAll(() => registry?.stop());

  it("lets in who has the password, and nobody else", async () => {
    const { username, password } = labPassword;
    const store = open(registry, { kind: "password", username, password });
    await put(store, "one");
    expect((await store.manifest(tag, signal))?.bytes).toEqual(manifest("one"));
    await expect(open(registry).manifest(tag, signal)).rejects.toMatchObject({ code: "store-denied" });
    const stranger = open(registry, { kind: "password", username, password: "guess" });
    await expect(stranger.putManifest(tag, manifest("two"), signal)).rejects.toMatchObject({
      code: "store-denied",
    });
  });
});

describe("a docker-registry whose disk is full", () => {
  it("refuses the blob, and nothing of it can be read", async () => {
    const registry = await startRegistry({ maxFileBytes: 1_000_000 });
    try {
      const store = open(registry);
      await expect(put(store, "one")).rejects.toMatchObject({ code: "store-failed" });
      expect(await store.manifest(tag, signal)).toBeUndefined();
      await expect(readAll(store.blob(blob, signal), 1e7)).rejects.toMatchObject({ code: "store-corrupt" });
    } finally {
      await registry.stop();
    }
  });
});
