import { asBuildId, asDigest, type Digest, type KnownKernel, type Source } from "../../shared/identity.js";
import { archiveLimits } from "../archive/limits.js";
import { kernelFileLimits } from "../formats/limits.js";
import { type Manifest, NotOci } from "../store/manifest.js";
import type { Descriptor } from "../store/repository.js";
import { maxSymversBytes } from "../symvers/symvers-file.js";

/** What a store has of a kernel beside its headers. */
export type PartName = "config" | "symvers" | "btf";

/** A kernel as a store has it: one manifest, a layer for each thing. */
export interface StoredKernel {
  readonly kernel: KnownKernel;
  /** See {@link optionsDigestOf}. */
  readonly optionsDigest: Digest | undefined;
  /** How the first device offered the headers; `file` if they were imported. */
  readonly source: Source;
  /** The archive as it came: its digest is that of the cache. */
  readonly archive: Descriptor;
  readonly parts: ReadonlyMap<PartName, Descriptor>;
}

/** The type of our manifests. */
export const artifactType = "application/vnd.kheaders.kernel.v1";

const archiveType = "application/vnd.kheaders.archive.v1.tar+xz";

/** The types of the other layers, and the most bytes of each. */
const partTypes: Readonly<Record<PartName, { readonly mediaType: string; readonly maxBytes: number }>> = {
  config: { mediaType: "application/vnd.kheaders.config.v1+gzip", maxBytes: kernelFileLimits.configBytes },
  symvers: { mediaType: "application/vnd.kheaders.symvers.v1", maxBytes: maxSymversBytes },
  btf: { mediaType: "application/vnd.kheaders.btf.v1", maxBytes: 64 * 1024 * 1024 },
};

/** The media type of a layer. */
export function mediaTypeOf(part: PartName | "archive"): string {
  return part === "archive" ? archiveType : partTypes[part].mediaType;
}

/** The names of the parts, in the order of their layers. */
export const partNames: readonly PartName[] = ["config", "symvers", "btf"];

const names = {
  fingerprint: "kheaders.fingerprint",
  release: "kheaders.release",
  version: "kheaders.version",
  machine: "kheaders.machine",
  buildId: "kheaders.build-id",
  configDigest: "kheaders.config",
  optionsDigest: "kheaders.options",
  source: "kheaders.source",
} as const;

/** The manifest of a kernel. */
export function manifestOf({ kernel, optionsDigest, source, archive, parts }: StoredKernel): Manifest {
  const { fingerprint, release, version, machine, buildId, configDigest } = kernel;
  const known = { fingerprint, release, version, machine, buildId, configDigest, optionsDigest, source };
  const annotations = Object.entries(known).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[names[name as keyof typeof names], value]],
  );
  const layers = partNames.flatMap((name) => parts.get(name) ?? []);
  return { artifactType, layers: [archive, ...layers], annotations: new Map(annotations) };
}

/** Reads the manifest of a kernel, which may be anyone's. Throws {@link NotOci} if it is none, or is over a limit. */
export function kernelIn({ artifactType: type, layers, annotations }: Manifest): StoredKernel {
  if (type !== artifactType) throw new NotOci("a manifest is not one of a kernel's headers");
  const text = (name: keyof typeof names) => annotations.get(names[name]) || undefined;
  const parsed = <T>(name: keyof typeof names, parse: (value: string) => T | undefined) => {
    const value = text(name);
    const result = value === undefined ? undefined : parse(value);
    if (value !== undefined && result === undefined)
      throw new NotOci(`the annotation ${names[name]} has the wrong form`);
    return result;
  };
  const release = text("release");
  const source = parsed("source", asSource);
  if (release === undefined || source === undefined)
    throw new NotOci("a manifest does not say of which kernel it is");
  return {
    kernel: {
      fingerprint: text("fingerprint"),
      release,
      version: text("version"),
      machine: text("machine"),
      buildId: parsed("buildId", asBuildId),
      configDigest: parsed("configDigest", asDigest),
    },
    optionsDigest: parsed("optionsDigest", asDigest),
    source,
    archive: layerOf(layers, archiveType, archiveLimits.compressedBytes) ?? noArchive(),
    parts: new Map(
      partNames.flatMap((name): [PartName, Descriptor][] => {
        const layer = layerOf(layers, partTypes[name].mediaType, partTypes[name].maxBytes);
        return layer === undefined ? [] : [[name, layer]];
      }),
    ),
  };
}

function layerOf(layers: readonly Descriptor[], type: string, maxBytes: number): Descriptor | undefined {
  const [layer, another] = layers.filter(({ mediaType }) => mediaType === type);
  if (another !== undefined) throw new NotOci(`a manifest has two layers of ${type}`);
  if (layer !== undefined && layer.size > maxBytes)
    throw new NotOci(`a layer of ${type} has ${layer.size} bytes; the limit is ${maxBytes}`);
  return layer;
}

function noArchive(): never {
  throw new NotOci("a manifest has no archive");
}

const sources: readonly Source[] = ["built-in", "loaded", "module", "file"];

function asSource(text: string): Source | undefined {
  return sources.find((source) => source === text);
}
