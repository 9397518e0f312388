import { expect, it } from "vitest";
import { headerWarnings } from "../../../host/build/tree-warnings.js";

it.each(["CONFIG_RANDSTRUCT", "CONFIG_GCC_PLUGIN_RANDSTRUCT"])("%s makes offsets wrong", (option) => {
  expect(headerWarnings({ config: new Map([[option, "1"]]) })).toEqual([
    expect.stringMatching(new RegExp(`built with ${option}: .*seed that no archive has.*BTF`)),
  ]);
});

it("a kernel that leaves its structures as they are causes no warning", () => {
  expect(headerWarnings({ config: new Map([["CONFIG_RANDSTRUCT_NONE", "1"]]) })).toEqual([]);
});
