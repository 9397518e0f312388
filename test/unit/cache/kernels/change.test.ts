import { expect, test } from "vitest";
import { describeChange } from "../../../../host/cache/index.js";
import type { KernelIdentity } from "../../../../shared/identity.js";
import { buildIdNamed, digestNamed, kernel } from "../../../support/cache-kernels.js";

const rows: [name: string, changes: Partial<KernelIdentity>, expected: string | undefined][] = [
  ["nothing", {}, undefined],
  ["another boot", { bootId: "another" }, undefined],
  ["less known", { buildId: undefined, configDigest: undefined }, undefined],
  [
    "release",
    { release: "6.6.1" },
    "a different kernel than last time: release 6.1.57-android14-11, now 6.6.1",
  ],
  [
    "version",
    { version: "#2 SMP" },
    "a different build of 6.1.57-android14-11 than last time: version #1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024, now #2 SMP",
  ],
  [
    "build-id",
    { buildId: buildIdNamed("other") },
    `a different build of 6.1.57-android14-11 than last time: build-id ${buildIdNamed("build")}, now ${buildIdNamed("other")}`,
  ],
  [
    "config",
    { configDigest: digestNamed("other") },
    "a different build of 6.1.57-android14-11 than last time: its configuration changed",
  ],
  [
    "machine",
    { machine: "armv8l" },
    "a different build of 6.1.57-android14-11 than last time: machine aarch64, now armv8l",
  ],
  [
    "fingerprint",
    { fingerprint: "new" },
    `a different system than last time: ${kernel().fingerprint}, now new`,
  ],
  [
    "hostile text",
    { release: "\u001b]0;x\u0007" },
    "a different kernel than last time: release 6.1.57-android14-11, now \\x1b]0;x\\x07",
  ],
];

test.each(rows)("a kernel that differs in: %s", (_name, changes, expected) => {
  expect(describeChange(kernel(), kernel(changes))).toBe(expected);
});
