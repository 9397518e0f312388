import { describe, expect, test } from "vitest";
import type { CacheEntry } from "../../../../host/cache/index.js";
import { makeEntry } from "../../../../host/cache/kernels/entry.js";
import { decideServing, type ServingQuestion } from "../../../../host/cache/kernels/serving.js";
import type { KernelIdentity, KnownKernel } from "../../../../shared/identity.js";
import { buildIdNamed, digestNamed, kernel } from "../../../support/cache-kernels.js";

const unstamped = "#1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970";
const dirty = "6.1.57-android14-11-maybe-dirty";

function entry(changes: Partial<KernelIdentity> = {}, about: Partial<CacheEntry> = {}): CacheEntry {
  return makeEntry({
    kernel: kernel(changes),
    digest: digestNamed("archive"),
    bytes: 4_000_000,
    source: "module",
    created: new Date("2026-01-01T00:00:00Z"),
    tool: "1.2.3",
    ...about,
  });
}

function decide(question: Partial<ServingQuestion>) {
  return decideServing({
    identity: kernel(),
    boot: undefined,
    candidates: [],
    differences: new Map(),
    asked: "facts",
    rootPossible: false,
    trustRelease: false,
    ...question,
  });
}

/** The outcome in one word or two, for tables. */
function outcome(question: Partial<ServingQuestion>): string {
  const serving = decide(question);
  return serving.outcome === "hit" ? `hit by ${serving.proof}` : serving.outcome;
}

describe("named cases", () => {
  const unknown = { buildId: undefined, configDigest: undefined };
  const gki = { release: dirty, version: unstamped };
  const rows: [name: string, question: Partial<ServingQuestion>, expected: string][] = [
    ["nothing is cached", {}, "miss"],
    [
      "the stock kernel, and one that showed its release and version but no configuration to be trusted",
      {
        identity: kernel({ buildId: undefined }),
        candidates: [
          entry({ buildId: undefined }),
          entry(unknown, { digest: digestNamed("spoofed"), source: "built-in" }),
        ],
      },
      "miss",
    ],
    [
      "the same boot, only greeted",
      { identity: kernel(unknown), boot: entry(), asked: "hello" },
      "hit by boot",
    ],
    [
      "the same boot of an unstamped build",
      { identity: kernel({ ...gki, ...unknown }), boot: entry(gki), asked: "hello" },
      "hit by boot",
    ],
    [
      "the same boot under another fingerprint",
      { identity: kernel({ fingerprint: "other" }), boot: entry(), asked: "hello" },
      "hit by boot",
    ],
    ["a device that lies about its boot", { identity: kernel({ release: "5.10.1" }), boot: entry() }, "miss"],
    [
      "only greeted, a kernel of that key is cached",
      { identity: kernel(unknown), candidates: [entry()], asked: "hello" },
      "ask-facts",
    ],
    [
      "only greeted, only another build is cached",
      { identity: kernel({ ...unknown, version: "#2" }), candidates: [entry()], asked: "hello" },
      "miss",
    ],
    ["equal build-ids", { candidates: [entry()] }, "hit by build-id"],
    [
      "equal build-ids of unstamped builds",
      { identity: kernel(gki), candidates: [entry(gki)] },
      "hit by build-id",
    ],
    [
      "equal build-ids, other configs",
      { identity: kernel({ configDigest: digestNamed("other") }), candidates: [entry()] },
      "miss",
    ],
    [
      "equal build-ids, other machines",
      { identity: kernel({ machine: "armv8l" }), candidates: [entry()] },
      "miss",
    ],
    [
      "other build-ids, all else equal",
      { identity: kernel({ buildId: buildIdNamed("other") }), candidates: [entry()] },
      "miss",
    ],
    [
      "build-id unreadable, stamped, equal config",
      { identity: kernel({ buildId: undefined }), candidates: [entry()] },
      "hit by version-and-config",
    ],
    [
      "build-id never known, stamped, equal config",
      { candidates: [entry({ buildId: undefined })] },
      "hit by version-and-config",
    ],
    [
      "build-id unreadable, config unreadable, root possible",
      { identity: kernel(unknown), candidates: [entry()], rootPossible: true },
      "ask-root",
    ],
    [
      "build-id unreadable, config unreadable, no root",
      { identity: kernel(unknown), candidates: [entry()] },
      "denied",
    ],
    [
      "unstamped, equal config, root possible",
      { identity: kernel({ ...gki, buildId: undefined }), candidates: [entry(gki)], rootPossible: true },
      "ask-root",
    ],
    [
      "unstamped, equal config, no root",
      { identity: kernel({ ...gki, buildId: undefined }), candidates: [entry(gki)] },
      "denied",
    ],
    [
      "unstamped, equal config, vouched for",
      { identity: kernel({ ...gki, buildId: undefined }), candidates: [entry(gki)], trustRelease: true },
      "hit by trusted-release",
    ],
    [
      "another build-id, vouched for",
      { identity: kernel({ buildId: buildIdNamed("other") }), candidates: [entry()], trustRelease: true },
      "miss",
    ],
    [
      "root reads no build-id",
      {
        identity: kernel({ ...gki, buildId: undefined }),
        candidates: [entry(gki)],
        asked: "facts-as-root",
      },
      "miss",
    ],
    [
      "the entry has no build-id, unstamped: root could not tell",
      {
        identity: kernel({ ...gki, buildId: undefined }),
        candidates: [entry({ ...gki, buildId: undefined })],
        rootPossible: true,
      },
      "miss",
    ],
  ];
  test.each(rows)("%s", (_name, question, expected) => {
    expect(outcome(question)).toBe(expected);
  });
});

test("each outcome says why, and what root or the user could do", () => {
  const candidates = [entry()];
  const hidden = kernel({ buildId: undefined, configDigest: undefined });
  expect(decide({ identity: hidden, candidates, rootPossible: true })).toEqual({
    outcome: "ask-root",
    why: "a kernel 6.1.57-android14-11 is cached, but only the build-id, which root may read, can show that it is this one",
  });
  expect(decide({ identity: hidden, candidates })).toMatchObject({
    outcome: "denied",
    why: expect.stringContaining("only the build-id, which root may read"),
    hint: expect.stringContaining("--trust-release"),
  });
  expect(decide({ identity: hidden, candidates, asked: "facts-as-root" })).toMatchObject({
    outcome: "miss",
    why: expect.stringContaining("shows no build-id, not even to root"),
  });
  expect(decide({ identity: kernel({ version: "#2" }), candidates })).toMatchObject({
    why: "only other builds of 6.1.57-android14-11 are cached",
  });
  expect(decide({})).toMatchObject({ why: "no kernel 6.1.57-android14-11 of this system is cached" });
});

test("what a device calls its release reaches no terminal raw", () => {
  const release = "6.1\u001b[2J\n\u202e";
  const identity = kernel({ release, buildId: undefined, configDigest: undefined });
  const serving = decide({ identity, candidates: [entry({ release })] });
  expect(serving).toMatchObject({ why: expect.stringContaining("6.1\\x1b[2J\\n\\u202e") });
});

test("of several kernels under one key, each is served by its own build-id", () => {
  const candidates = ["one", "two", "three"].map((name) =>
    entry({ release: dirty, version: unstamped, buildId: buildIdNamed(name) }, { digest: digestNamed(name) }),
  );
  for (const [index, name] of ["one", "two", "three"].entries()) {
    const identity = kernel({ release: dirty, version: unstamped, buildId: buildIdNamed(name) });
    expect(decide({ identity, candidates })).toMatchObject({ outcome: "hit", entry: candidates[index] });
  }
});

test("version and config prove nothing where they belong to several archives", () => {
  const one = entry({ buildId: buildIdNamed("one") }, { digest: digestNamed("one") });
  const two = entry({ buildId: buildIdNamed("two") }, { digest: digestNamed("two") });
  const nameless = entry({ buildId: undefined }, { digest: digestNamed("three") });
  const identity = kernel({ buildId: undefined });
  expect(outcome({ identity, candidates: [one, two] })).toBe("denied");
  expect(outcome({ identity: kernel({ buildId: buildIdNamed("three") }), candidates: [one, nameless] })).toBe(
    "miss",
  );
  const sameArchive = entry({ buildId: buildIdNamed("two") }, { digest: digestNamed("one") });
  expect(outcome({ identity, candidates: [one, sameArchive] })).toBe("hit by version-and-config");
});

test("of several archives of one build, the one published last serves", () => {
  const older = entry({}, { digest: digestNamed("older"), created: new Date("2026-01-01T00:00:00Z") });
  const newer = entry({}, { digest: digestNamed("newer"), created: new Date("2026-02-01T00:00:00Z") });
  expect(decide({ candidates: [older, newer] })).toMatchObject({ entry: newer });
});

describe("every combination of what is known, equal and possible", () => {
  type Fact = "equal" | "different" | "hidden" | "unrecorded" | "neither";
  const facts: Fact[] = ["equal", "different", "hidden", "unrecorded", "neither"];
  const booleans = [false, true];
  interface Case {
    version: "equal" | "different";
    buildId: Fact;
    config: Fact;
    boot: boolean;
    isDirty: boolean;
    isStamped: boolean;
    asked: ServingQuestion["asked"];
    rootPossible: boolean;
    trustRelease: boolean;
  }

  function* allCases(): Generator<Case> {
    for (const version of ["equal", "different"] as const)
      for (const buildId of facts)
        for (const config of facts)
          for (const boot of booleans)
            for (const isDirty of booleans)
              for (const isStamped of booleans)
                for (const asked of ["hello", "facts", "facts-as-root"] as const)
                  for (const rootPossible of booleans)
                    for (const trustRelease of booleans)
                      yield {
                        version,
                        buildId,
                        config,
                        boot,
                        isDirty,
                        isStamped,
                        asked,
                        rootPossible,
                        trustRelease,
                      };
  }

  /** The rule of the design, stated by what is known instead of by entries. */
  function expected(given: Case): string {
    if ([given.version, given.buildId, given.config].includes("different")) return "miss";
    if (given.boot) return "hit by boot";
    if (given.asked === "hello") return "ask-facts";
    if (given.buildId === "equal") return "hit by build-id";
    if (given.config === "equal" && given.isStamped && !given.isDirty) return "hit by version-and-config";
    if (given.trustRelease) return "hit by trusted-release";
    // From here on only a build-id that the device hides and the entry has could tell.
    if (given.buildId !== "hidden" || given.asked === "facts-as-root") return "miss";
    return given.rootPossible ? "ask-root" : "denied";
  }

  /** The device's and the entry's value of a fact. */
  function pair<T>(fact: Fact, value: T, other: T): [device: T | undefined, entry: T | undefined] {
    switch (fact) {
      case "equal":
        return [value, value];
      case "different":
        return [other, value];
      case "hidden":
        return [undefined, value];
      case "unrecorded":
        return [value, undefined];
      case "neither":
        return [undefined, undefined];
    }
  }

  test("is decided by the rule", () => {
    const wrong: unknown[] = [];
    let count = 0;
    for (const given of allCases()) {
      const [buildId, entryBuildId] = pair(given.buildId, buildIdNamed("one"), buildIdNamed("two"));
      const [configDigest, entryConfig] = pair(given.config, digestNamed("one"), digestNamed("two"));
      const release = given.isDirty ? dirty : "6.1.57-android14-11-g0123456789ab";
      const version = given.isStamped ? "#1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024" : unstamped;
      const cached = entry({ release, version, buildId: entryBuildId, configDigest: entryConfig });
      const identity = kernel({
        release,
        buildId,
        configDigest,
        version: given.version === "equal" ? version : version.replace("#1", "#2"),
      });
      const { asked, rootPossible, trustRelease } = given;
      const boot = given.boot ? cached : undefined;
      const found = outcome({ identity, boot, candidates: [cached], asked, rootPossible, trustRelease });
      if (found !== expected(given)) wrong.push({ given, found, expected: expected(given) });
      count += 1;
    }
    expect(count).toBe(4800);
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});

describe("headers that were imported", () => {
  const origin = "kernel-headers.tar.gz";
  const publicRelease = "6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k";
  /** Of a file, mostly nothing but the release is known. */
  const unknown = { buildId: undefined, configDigest: undefined };

  function imported(changes: Partial<KnownKernel> = {}, about: Partial<CacheEntry> = {}): CacheEntry {
    return makeEntry({
      kernel: { ...kernel(unknown), fingerprint: undefined, version: undefined, ...changes },
      digest: digestNamed("imported"),
      bytes: 3_000_000,
      source: "file",
      origin,
      created: new Date("2026-03-01T00:00:00Z"),
      tool: "1.2.3",
      ...about,
    });
  }

  /** The configurations of these entries are the running kernel's; or differ in some options. */
  function configs(entries: readonly CacheEntry[], differing: readonly string[] = []) {
    return new Map(entries.map(({ id }) => [id, differing]));
  }

  const { version } = kernel();
  const running = kernel({ buildId: undefined });

  test("serve by version and configuration, however that is spelled", () => {
    const entry = imported({ version, configDigest: digestNamed("another spelling") });
    const question = { identity: running, candidates: [entry] };
    expect(outcome({ ...question, differences: configs([entry]) })).toBe("hit by version-and-config");
    expect(decide({ ...question, differences: configs([entry], ["CONFIG_BPF"]) })).toMatchObject({
      outcome: "miss",
      imported: `the imported headers of 6.1.57-android14-11 (${origin}) are of another kernel: their configuration differs in CONFIG_BPF`,
    });
  });

  test("need no version where the release names the public build", () => {
    const entry = imported({ release: publicRelease });
    const identity = kernel({ release: publicRelease, version: unstamped, buildId: undefined });
    const question = { identity, candidates: [entry], differences: configs([entry]) };
    expect(outcome(question)).toBe("hit by release-and-config");
    const vendor = publicRelease.replace("-ab", "-abS");
    const other = imported({ release: vendor });
    expect(
      decide({
        identity: { ...identity, release: vendor },
        candidates: [other],
        differences: configs([other]),
      }),
    ).toMatchObject({
      outcome: "miss",
      imported: expect.stringContaining("version (uname -v) is not known"),
    });
  });

  test("serve by an equal build-id alone", () => {
    const buildId = buildIdNamed("one");
    const entry = imported({ buildId, release: dirty });
    const identity = kernel({ release: dirty, version: unstamped, buildId });
    expect(outcome({ identity, candidates: [entry] })).toBe("hit by build-id");
    expect(
      decide({ identity: { ...identity, buildId: buildIdNamed("two") }, candidates: [entry] }),
    ).toMatchObject({
      outcome: "miss",
      imported: expect.stringContaining("their build-id is"),
    });
  });

  test.each<[string, Partial<KnownKernel>, Partial<KernelIdentity>, string]>([
    ["another version", { version: "#2" }, {}, "their version is #2"],
    ["another machine", { machine: "x86_64" }, {}, "their machine is x86_64"],
    ["a dirty release", { release: dirty, version }, { release: dirty }, "the sources were changed; import"],
    ["no date", { version: unstamped }, { version: unstamped }, "no real build date"],
    ["no configuration on the device", { version }, { configDigest: undefined }, "/proc/config.gz"],
  ])("do not serve, and say why: %s", (_name, its, device, why) => {
    const entry = imported(its);
    const identity = { ...running, ...device };
    const differences = identity.configDigest === undefined ? new Map() : configs([entry]);
    expect(decide({ identity, candidates: [entry], differences })).toMatchObject({
      outcome: "miss",
      imported: expect.stringContaining(why),
    });
  });

  test("give way to what came from the device itself", () => {
    const own = entry();
    const other = imported({ version });
    const question = { identity: running, candidates: [other, own], differences: configs([other]) };
    expect(decide(question)).toMatchObject({ outcome: "hit", entry: own });
  });

  test("prove nothing where two archives fit, unless both are of one public build", () => {
    const of = (release: string) =>
      ["one", "two"].map((name) => imported({ version, release }, { digest: digestNamed(name) }));
    const two = of("6.1.57-android14-11");
    expect(decide({ identity: running, candidates: two, differences: configs(two) })).toMatchObject({
      outcome: "miss",
      imported: expect.stringContaining("other headers in the cache fit as well"),
    });
    const built = of(publicRelease);
    const identity = { ...running, release: publicRelease };
    expect(outcome({ identity, candidates: built, differences: configs(built) })).toBe(
      "hit by version-and-config",
    );
  });

  test("serve whom the user vouches for", () => {
    const entry = imported();
    expect(outcome({ identity: running, candidates: [entry], trustRelease: true })).toBe(
      "hit by trusted-release",
    );
  });
});
