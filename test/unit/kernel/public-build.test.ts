import { describe, expect, test } from "vitest";
import { buildNumberIn, publicBuildOf } from "../../../host/kernel/public-build.js";

describe("the number of the CI's build", () => {
  test.each([
    ["6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k", "15739706"],
    ["6.6.118-android15-8-g1831c2a45d9b-ab15739706-16k", "15739706"],
    ["5.10.66-android12-9-00041-gfa9c9074531e-ab7914766", "7914766"],
    ["4.14.191-g1d5c4d2bbb45-ab6916574", "6916574"],
    ["6.6.30-android15-8-g1831c2a45d9b-ab123456789", "123456789"],
    ["6.6.30-android15-8-abogki398213467-4k", undefined],
    ["5.15.123-android13-8-28577532-abS918BXXS6CXK8", undefined],
    ["6.6.30-android15-8-g1831c2a45d9b-ab1234567890", undefined],
    ["6.6.30-android15-8-g1831c2a45d9b-ab123456", undefined],
    ["6.6.30-android15-8-g1831c2a45d9b-ab15739706-64k", undefined],
    ["6.6.30-android15-8-ab15739706-maybe-dirty", undefined],
    ["6.1.57-android14-11-maybe-dirty", undefined],
    ["6.1.0-42-amd64", undefined],
  ])("%s: %s", (release, expected) => {
    expect(buildNumberIn(release)).toBe(expected);
  });
});

test("a release names the page and the files of its build", () => {
  const page = "https://ci.android.com/builds/submitted/15739706/kernel_aarch64/latest";
  expect(publicBuildOf("6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k", "aarch64")).toEqual({
    id: "15739706",
    branch: "android15-6.6",
    pageBytes: 4096,
    target: "kernel_aarch64",
    page,
    files: {
      modules: `${page}/raw/system_dlkm_staging_archive.tar.gz`,
      headers: `${page}/raw/kernel-headers.tar.gz`,
      boot: `${page}/raw/boot-img.tar.gz`,
      info: `${page}/raw/gki-info.txt`,
    },
  });
});

test.each([
  ["6.6.118-android15-8-g1831c2a45d9b-ab15739706-16k", "aarch64", "kernel_aarch64_16k", 16384],
  ["6.6.118-android15-8-g1831c2a45d9b-ab15739706", "x86_64", "kernel_x86_64", undefined],
  ["6.6.118-android15-8-g1831c2a45d9b-ab15739706", "armv8l", undefined, undefined],
  ["4.14.191-g1d5c4d2bbb45-ab6916574", "aarch64", undefined, undefined],
])("%s on %s is of %s", (release, machine, target, pageBytes) => {
  const build = publicBuildOf(release, machine);
  expect(build?.target).toBe(target);
  expect(build?.pageBytes).toBe(pageBytes);
});
