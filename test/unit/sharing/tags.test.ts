import { expect, test } from "vitest";
import { isKernelTag, tagsOf, tagsToAsk } from "../../../host/sharing/tags.js";
import { buildIdNamed, digestNamed, kernel } from "../../support/cache-kernels.js";

const stamped = { ...kernel(), optionsDigest: digestNamed("options") };

test("a kernel is stored under its build-id and under all else that makes it", () => {
  const tags = tagsOf(stamped);
  expect(tags).toEqual([
    { tag: `buildid-${buildIdNamed("build")}`, isUnique: true },
    { tag: expect.stringMatching(/^kernel-[0-9a-f]{64}$/), isUnique: true },
  ]);
  expect(tags.every(({ tag }) => isKernelTag(tag))).toBe(true);
});

test.each([
  ["release", { release: "6.1.58" }],
  ["version", { version: "#2 SMP Mon Jan 15 09:30:00 UTC 2024" }],
  ["machine", { machine: "x86_64" }],
  ["configuration", { optionsDigest: digestNamed("other") }],
])("another %s is another tag", (_, change) => {
  expect(tagsOf({ ...stamped, ...change })[1]?.tag).not.toBe(tagsOf(stamped)[1]?.tag);
});

test("what looks the same without a stamp is told apart by the build-id alone", () => {
  const unstamped = {
    ...stamped,
    release: "6.1.57-maybe-dirty",
    version: "#1 SMP Thu Jan 1 00:00:00 UTC 1970",
  };
  expect(tagsOf(unstamped).map(({ isUnique }) => isUnique)).toEqual([true, false]);
});

test("a kernel of which too little is known has no tag: never a release alone", () => {
  const unknown = { ...stamped, buildId: undefined, optionsDigest: undefined };
  expect(tagsOf(unknown)).toEqual([]);
  expect(tagsToAsk(unknown)).toEqual([]);
});

test("a running kernel is looked for under the tags that it was stored under", () => {
  expect(tagsToAsk(stamped)).toEqual(tagsOf(stamped).map(({ tag }) => tag));
});

test("a public build is also looked for as it was imported, without a version", () => {
  const release = "6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k";
  const imported = tagsOf({ ...stamped, release, version: undefined, buildId: undefined });
  expect(imported).toMatchObject([{ isUnique: true }]);
  expect(tagsToAsk({ ...stamped, release })).toContain(imported[0]?.tag);
  expect(tagsToAsk(stamped)).toHaveLength(2);
});

test.each(["latest", "v1", "buildid-", "buildid-xyz", "kernel-00", "6.1.57"])(
  "%s is not a tag of ours",
  (tag) => {
    expect(isKernelTag(tag)).toBe(false);
  },
);
