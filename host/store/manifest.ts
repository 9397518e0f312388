import { asDigest, type Digest } from "../../shared/identity.js";
import { contentOf } from "./content.js";
import { storeLimits } from "./limits.js";
import type { Descriptor } from "./repository.js";

/** An image manifest that holds something else than an image (OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"). */
export interface Manifest {
  readonly artifactType: string | undefined;
  readonly layers: readonly Descriptor[];
  readonly annotations: ReadonlyMap<string, string>;
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** What stands for a configuration where there is none: `{}` (OCI image-spec 1.1, "Guidance for an Empty Descriptor"). */
export const emptyConfig = contentOf("application/vnd.oci.empty.v1+json", Buffer.from("{}"));

/** The manifest's JSON. The same manifest always gives the same bytes, so it has one digest. */
export function formatManifest({ artifactType, layers, annotations }: Manifest): Buffer {
  const sorted = [...annotations].sort(([one], [other]) => (one < other ? -1 : 1));
  const json = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config: descriptorJson(emptyConfig),
    layers: layers.map(descriptorJson),
    annotations: Object.fromEntries(sorted),
  };
  return Buffer.from(JSON.stringify(json));
}

/** A descriptor's JSON. */
export function descriptorJson({ mediaType, digest, size }: Descriptor): object {
  return { mediaType, digest: `sha256:${digest}`, size };
}

/** What was read is not what it should be. The message is a clause. */
export class NotOci extends Error {
  override readonly name = "NotOci";
}

/** Reads a manifest of unknown origin. Throws {@link NotOci}. Keys that we do not know are ignored, as the specification wants. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > storeLimits.manifestBytes)
    throw new NotOci(`a manifest has more than ${storeLimits.manifestBytes} bytes`);
  const manifest = parseObject(bytes, "a manifest");
  if (manifest.schemaVersion !== 2 || (manifest.mediaType ?? manifestType) !== manifestType)
    throw new NotOci("a manifest is not an image manifest of OCI");
  const { artifactType, layers, annotations = {} } = manifest;
  if (!Array.isArray(layers) || layers.length > storeLimits.layers)
    throw new NotOci(`a manifest has no layers, or more than ${storeLimits.layers}`);
  return {
    artifactType: artifactType === undefined ? undefined : textOf(artifactType, "artifactType"),
    layers: layers.map(parseDescriptor),
    annotations: parseAnnotations(annotations),
  };
}

/** Reads the annotations of a manifest or a descriptor. Throws {@link NotOci}. */
export function parseAnnotations(value: unknown): Map<string, string> {
  const fields = Object.entries(objectOf(value, "annotations"));
  if (fields.length > storeLimits.annotations)
    throw new NotOci(`there are more than ${storeLimits.annotations} annotations`);
  return new Map(
    fields.map(([name, text]) => [textOf(name, "an annotation"), textOf(text, "an annotation")]),
  );
}

/** Reads a descriptor. Throws {@link NotOci}. */
export function parseDescriptor(value: unknown): Descriptor {
  const { mediaType, digest, size } = objectOf(value, "a descriptor");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw new NotOci("a descriptor has no size");
  return { mediaType: textOf(mediaType, "mediaType"), digest: parseDigest(digest), size };
}

/** Reads JSON that must be an object. Throws {@link NotOci}. */
export function parseObject(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw new NotOci(`${what} is not JSON`);
    throw error;
  }
  return objectOf(value, what);
}

function parseDigest(value: unknown): Digest {
  const digest =
    typeof value === "string" && value.startsWith("sha256:") ? asDigest(value.slice(7)) : undefined;
  if (digest === undefined) throw new NotOci("a descriptor has no SHA-256 digest");
  return digest;
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new NotOci(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function textOf(value: unknown, what: string): string {
  const isText = typeof value === "string" && value.length <= storeLimits.textLength;
  if (!isText || hasControl(value))
    throw new NotOci(`${what} is not a plain text of at most ${storeLimits.textLength} characters`);
  return value;
}

/** Whether a text has control characters, which nothing that names a kernel has. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
