import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  matchesGlob,
  matchesKernel,
  matchesModel,
  needsKernel,
  parsePattern,
} from "../../../host/farm/match.js";

describe("a glob", () => {
  it.each([
    ["6.1.*", "6.1.57-android14", true],
    ["6.1.*", "6.12.1", false],
    ["*android14*", "6.1.57-android14-11", true],
    ["6.?.1", "6.6.1", true],
    ["6.?.1", "6.12.1", false],
    ["", "", true],
    ["*", "", true],
    ["?", "", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["[6].1", "6.1", false],
    ["6.1", "6x1", false],
    ["Pixel", "pixel", false],
  ])("%j against %j: %j", (glob, text, fits) => {
    expect(matchesGlob(glob, text)).toBe(fits);
  });

  it("fits what a regular expression made of it fits", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(letters, texts, (glob, text) => {
        const expression = new RegExp(`^${glob.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(matchesGlob(glob, text)).toBe(expression.test(text));
      }),
    );
  });

  it("with many stars takes no time that explodes", () => {
    expect(matchesGlob(`${"*a".repeat(40)}b`, "a".repeat(4000))).toBe(false);
  });
});

describe("patterns", () => {
  const kernel = { fingerprint: "google/husky/husky:14/UQ1A/1:user/release-keys", release: "6.1.57" };

  it("name a property; the text may hold an equals sign", () => {
    expect(parsePattern("release=a=b")).toEqual({ key: "release", glob: "a=b" });
  });

  it.each(["", "release", "release=", "=6.1", "colour=red", "Model=x"])("are refused: %j", (text) => {
    expect(() => parsePattern(text)).toThrowError(expect.objectContaining({ code: "usage" }));
  });

  it("must all fit", () => {
    const fitting = [parsePattern("fingerprint=google/*"), parsePattern("release=6.1.*")];
    expect(matchesKernel(fitting, kernel)).toBe(true);
    expect(matchesKernel([...fitting, parsePattern("release=5.*")], kernel)).toBe(false);
  });

  it("of a model take spaces for adb's underscores", () => {
    expect(matchesModel([parsePattern("model=Pixel 8*")], "Pixel_8_Pro")).toBe(true);
    expect(matchesModel([parsePattern("model=Pixel 8*")], undefined)).toBe(false);
    expect(matchesModel([parsePattern("release=6.*")], undefined)).toBe(true);
  });

  it("of a model need no device to be asked", () => {
    expect(needsKernel([parsePattern("model=*")])).toBe(false);
    expect(needsKernel([parsePattern("model=*"), parsePattern("release=*")])).toBe(true);
  });
});
