import { expect, it } from "vitest";
import { isBefore } from "../../../host/kernel/release.js";

it.each([
  ["5.17.15-android", 5, 18, true],
  ["5.18.0", 5, 18, false],
  ["4.19.113", 5, 4, true],
  ["6.1.57", 5, 18, false],
  ["10.0", 6, 19, false],
  ["6.2-rc1+", 6, 2, false],
])("%s before %i.%i: %s", (release, major, minor, expected) => {
  expect(isBefore(release, major, minor)).toBe(expected);
});

it("takes a release without a version for new", () => {
  expect(isBefore("mainline", 4, 14)).toBe(false);
});
