import { expect, test } from "vitest";
import { hasBuildDate, isDirty, isStamped } from "../../../../host/cache/kernels/comparison.js";

test.each([
  ["#1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970", false],
  ["#1 SMP PREEMPT Thu Jan 1 00:00:00 UTC 1970", false],
  ["#1 SMP PREEMPT Tue Jan 1 00:00:00 UTC 1980", false],
  ["#1 SMP PREEMPT Fri Jan 1 00:00:00 UTC 2021", false],
  ["#1 SMP PREEMPT", false],
  ["#1", false],
  ["", false],
  ["#1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024", true],
  ["#3 SMP PREEMPT Sat Feb  3 00:00:00 CST 2024", true],
  ["#1 SMP PREEMPT Sat Aug 12 10:11:12 +08 2023", true],
  ["#1 SMP Sat Aug 12 10:11:12 2023", true],
  ["#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-06-24)", true],
  ["#1 SMP Debian 6.1.176-1 (1970-01-01)", false],
])("the version %j has a build date: %s", (version, expected) => {
  expect(hasBuildDate(version)).toBe(expected);
});

test("a release with dirty in it tells nothing of the sources", () => {
  expect(["6.1.57-maybe-dirty", "6.1.57-dirty", "6.1.57-g123-DIRTY"].every(isDirty)).toBe(true);
  expect(isDirty("6.1.57-android14-11-g0123456789ab")).toBe(false);
});

test("release and version are of one build only if the release names it, or the version says when it was", () => {
  const dated = "#1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024";
  expect(isStamped("6.1.57-android14-11-g0123456789ab", dated)).toBe(true);
  expect(isStamped("6.1.57-android14-11-g0123456789ab", undefined)).toBe(false);
  expect(isStamped("6.1.57-android14-11-g0123456789ab-ab11300478", undefined)).toBe(true);
  expect(isStamped("6.1.57-android14-11-maybe-dirty", dated)).toBe(false);
});
