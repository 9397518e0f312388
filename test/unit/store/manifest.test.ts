import { expect, test } from "vitest";
import { contentOf } from "../../../host/store/content.js";
import { storeLimits } from "../../../host/store/limits.js";
import { formatManifest, NotOci, parseManifest } from "../../../host/store/manifest.js";

const layer = contentOf("application/vnd.example", Buffer.from("content"));
const manifest = {
  artifactType: "application/vnd.example.thing",
  layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layer.size }],
  annotations: new Map([
    ["b", "2"],
    ["a", "one"],
  ]),
};

test("a manifest is read as it was made, whatever the order of its annotations", () => {
  expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
  const turned = { ...manifest, annotations: new Map([...manifest.annotations].reverse()) };
  expect(formatManifest(turned)).toEqual(formatManifest(manifest));
});

test("the configuration is the empty one of the specification", () => {
  expect(JSON.parse(formatManifest(manifest).toString())).toMatchObject({
    config: {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      size: 2,
    },
  });
});

const good = JSON.parse(formatManifest(manifest).toString());
const with_ = (change: object) => JSON.stringify({ ...good, ...change });
const descriptor = good.layers[0];

test.each<[string, string]>([
  ["no JSON", "{"],
  ["an array", "[]"],
  ["null", "null"],
  ["a manifest of docker", with_({ mediaType: "application/vnd.docker.distribution.manifest.v2+json" })],
  ["another schema", with_({ schemaVersion: 1 })],
  ["no layers", with_({ layers: undefined })],
  ["too many layers", with_({ layers: Array(storeLimits.layers + 1).fill(descriptor) })],
  ["a layer with another hash", with_({ layers: [{ ...descriptor, digest: "sha512:00" }] })],
  [
    "a layer whose digest is a path",
    with_({ layers: [{ ...descriptor, digest: "sha256:../../etc/passwd" }] }),
  ],
  ["a layer of negative size", with_({ layers: [{ ...descriptor, size: -1 }] })],
  ["a layer of half a byte", with_({ layers: [{ ...descriptor, size: 0.5 }] })],
  ["a layer of more bytes than can be counted", with_({ layers: [{ ...descriptor, size: 1e300 }] })],
  ["a number as annotation", with_({ annotations: { release: 6 } })],
  ["an annotation with an escape sequence", with_({ annotations: { release: "6.1\u001b[2J" } })],
  ["an endless annotation", with_({ annotations: { release: "x".repeat(storeLimits.textLength + 1) } })],
  [
    "too many annotations",
    with_({ annotations: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, "x"])) }),
  ],
  ["a manifest of many bytes", with_({ extra: "x".repeat(storeLimits.manifestBytes) })],
])("%s is refused", (_, text) => {
  expect(() => parseManifest(Buffer.from(text))).toThrow(NotOci);
});

test("what the specification may add is ignored", () => {
  const text = with_({ subject: descriptor, future: { deep: [1] }, annotations: undefined });
  expect(parseManifest(Buffer.from(text)).layers).toEqual(manifest.layers);
});
