import { describe, expect, it } from "vitest";
import { importAdvice, importHint } from "../../../host/pull/import-advice.js";

const phone = { release: "6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k", machine: "aarch64" };
const page = "https://ci.android.com/builds/submitted/15739706/kernel_aarch64/latest";
const config = (value: string) => new Map([["CONFIG_IKHEADERS", value]]);

describe("the headers of a kernel whose release names its public build", () => {
  it.each([
    { what: "are in its modules", known: config("m"), files: ["system_dlkm_staging_archive.tar.gz"] },
    { what: "are in its boot image", known: config("y"), files: ["boot-img.tar.gz"] },
    {
      what: "are a file of their own, beside the image that tells the kernel",
      known: new Map<string, string>(),
      files: ["kernel-headers.tar.gz", "boot-img.tar.gz"],
    },
    { what: "are where Android wants them", known: undefined, files: ["system_dlkm_staging_archive.tar.gz"] },
  ])("$what", ({ known, files }) => {
    expect(importAdvice(phone, known, "R5CT30")).toEqual({
      page,
      files,
      command: `kheaders import ${files.join(" ")} -s R5CT30`,
    });
  });

  it("are built in up to android13", () => {
    const older = { release: "5.15.148-android13-8-g0123456789ab-ab12345678", machine: "aarch64" };
    expect(importAdvice(older, undefined, "R5CT30")?.files).toEqual(["boot-img.tar.gz"]);
  });

  it("are named in the hint, which can be pasted", () => {
    expect(importHint(importAdvice(phone, config("m"), "odd serial; rm"))).toBe(
      `Without root, get system_dlkm_staging_archive.tar.gz from ${page} and run: ` +
        "kheaders import system_dlkm_staging_archive.tar.gz -s SERIAL",
    );
  });
});

it.each(["6.1.57-android14-11-maybe-dirty", "6.6.1-android15-8-abogki123456789-4k", "6.1.0-56-cloud-amd64"])(
  "%s names no public build, so the hint names none",
  (release) => {
    const advice = importAdvice({ release, machine: "aarch64" }, config("m"), "x");
    expect(advice).toBeUndefined();
    expect(importHint(advice)).toMatch(/^Without root, import them from the kernel's image/);
  },
);
