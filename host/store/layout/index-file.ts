import { digestOfBytes } from "../content.js";
import { storeLimits } from "../limits.js";
import {
  descriptorJson,
  manifestType,
  NotOci,
  parseAnnotations,
  parseDescriptor,
  parseObject,
} from "../manifest.js";
import { asTag, type Descriptor, type Tag } from "../repository.js";

/** The annotation of a descriptor that has its tag (OCI image-spec 1.1, image-layout.md, "index.json file"). */
const tagAnnotation = "org.opencontainers.image.ref.name";

/** The `index.json` of an image layout: what it says beside our tags stays as it is. */
export interface LayoutIndex {
  /** The descriptors as they came; each is an object. */
  readonly manifests: readonly Record<string, unknown>[];
  /** What else it has. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export const emptyIndex: LayoutIndex = {
  manifests: [],
  rest: { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json" },
};

/** Reads an index of unknown origin. Throws {@link NotOci}. */
export function parseIndex(bytes: Uint8Array): LayoutIndex {
  const { manifests, ...rest } = parseObject(bytes, "index.json");
  if (rest.schemaVersion !== 2 || !Array.isArray(manifests))
    throw new NotOci("index.json is not the index of an image layout");
  if (manifests.length > storeLimits.tags)
    throw new NotOci(`index.json has more than ${storeLimits.tags} manifests`);
  const isObject = (each: unknown) => typeof each === "object" && each !== null && !Array.isArray(each);
  if (!manifests.every(isObject)) throw new NotOci("a manifest in index.json is not an object");
  return { manifests, rest };
}

/** The tags, and what they name; of other descriptors we know nothing. Throws {@link NotOci}. */
export function tagsIn({ manifests }: LayoutIndex): Map<Tag, Descriptor> {
  const tags = new Map<Tag, Descriptor>();
  for (const entry of manifests) {
    const tag = tagOf(entry);
    if (tag !== undefined && entry.mediaType === manifestType) tags.set(tag, parseDescriptor(entry));
  }
  return tags;
}

/** The same index, with a tag that names this manifest and nothing else. */
export function withTag({ manifests, rest }: LayoutIndex, tag: Tag, manifest: Uint8Array): LayoutIndex {
  const descriptor = descriptorJson({
    mediaType: manifestType,
    digest: digestOfBytes(manifest),
    size: manifest.length,
  });
  const others = manifests.filter((entry) => tagOf(entry) !== tag);
  return { manifests: [...others, { ...descriptor, annotations: { [tagAnnotation]: tag } }], rest };
}

/** The JSON of an index. */
export function formatIndex({ manifests, rest }: LayoutIndex): string {
  return `${JSON.stringify({ ...rest, manifests })}\n`;
}

function tagOf({ annotations }: Record<string, unknown>): Tag | undefined {
  return annotations === undefined
    ? undefined
    : asTag(parseAnnotations(annotations).get(tagAnnotation) ?? "");
}
