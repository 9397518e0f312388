import { expect, test } from "vitest";
import {
  kernelIn,
  manifestOf,
  mediaTypeOf,
  type StoredKernel,
} from "../../../host/sharing/kernel-manifest.js";
import { formatManifest, NotOci, parseManifest } from "../../../host/store/manifest.js";
import { digestNamed, kernel } from "../../support/cache-kernels.js";

const { bootId: _, ...known } = kernel();
const layer = (part: Parameters<typeof mediaTypeOf>[0], size = 100) => ({
  mediaType: mediaTypeOf(part),
  digest: digestNamed(part),
  size,
});
const stored: StoredKernel = {
  kernel: known,
  optionsDigest: digestNamed("options"),
  source: "module",
  archive: layer("archive"),
  parts: new Map([
    ["config", layer("config")],
    ["btf", layer("btf")],
  ]),
};

const unknown = {
  fingerprint: undefined,
  version: undefined,
  machine: undefined,
  buildId: undefined,
  configDigest: undefined,
};

test.each<[string, StoredKernel]>([
  ["all that there is to know", stored],
  [
    "a release and an archive",
    { ...stored, kernel: { ...known, ...unknown }, optionsDigest: undefined, parts: new Map() },
  ],
])("%s is read as it was stored", (_, one) => {
  expect(kernelIn(parseManifest(formatManifest(manifestOf(one))))).toEqual(one);
});

const manifest = manifestOf(stored);
const annotated = (name: string, value: string) => ({
  ...manifest,
  annotations: new Map([...manifest.annotations, [name, value]]),
});

test.each<[string, ReturnType<typeof manifestOf>]>([
  ["something else", { ...manifest, artifactType: "application/vnd.example" }],
  ["an image", { ...manifest, artifactType: undefined }],
  ["no release", { ...manifest, annotations: new Map([["kheaders.source", "module"]]) }],
  ["an empty release", annotated("kheaders.release", "")],
  ["an unknown source", annotated("kheaders.source", "magic")],
  ["a build-id that is none", annotated("kheaders.build-id", "../../x")],
  ["a digest that is none", annotated("kheaders.config", "00")],
  ["no archive", { ...manifest, layers: manifest.layers.slice(1) }],
  ["two archives", { ...manifest, layers: [layer("archive"), layer("archive")] }],
  ["an archive of 4 GB", { ...manifest, layers: [layer("archive", 4 * 2 ** 30)] }],
  ["a configuration of 1 GB", { ...manifest, layers: [layer("archive"), layer("config", 2 ** 30)] }],
])("%s is refused", (_, wrong) => {
  expect(() => kernelIn(wrong)).toThrow(NotOci);
});

test("layers that a later version may add are ignored", () => {
  const more = {
    ...manifest,
    layers: [...manifest.layers, { ...layer("archive"), mediaType: "application/vnd.new" }],
  };
  expect(kernelIn(more)).toEqual(stored);
});
