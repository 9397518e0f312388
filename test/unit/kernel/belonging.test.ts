import { describe, expect, it } from "vitest";
import { KernelEvidence, mismatch } from "../../../host/kernel/belonging.js";
import { parseDotConfig } from "../../../host/kernel/config.js";

const release = "6.1.57-android14-11-maybe-dirty";

/** Evidence from an archive with these files. */
function evidence(files: Record<string, string>): KernelEvidence {
  const seen = new KernelEvidence();
  for (const [path, content] of Object.entries(files)) seen.see(path, Buffer.from(content));
  return seen;
}

const utsrelease = { "include/generated/utsrelease.h": `#define UTS_RELEASE "${release}"\n` };
const autoconf = { "include/generated/autoconf.h": "#define CONFIG_A 1\n#define CONFIG_B_MODULE 1\n" };
const config = parseDotConfig("CONFIG_A=y\nCONFIG_B=m\n");

describe("an archive belongs to the running kernel", () => {
  it("by its release, where the kernel does not tell its configuration", () => {
    expect(evidence(utsrelease).belongsTo(release, undefined)).toEqual({ belongs: true });
  });

  it("by release and configuration", () => {
    const other = {
      "include/linux/sched.h": '#define UTS_RELEASE "5.10"\n',
      "include/generated/utsversion.h": '#define UTS_VERSION "#1"\n',
    };
    expect(evidence({ ...other, ...autoconf, ...utsrelease }).belongsTo(release, config)).toEqual({
      belongs: true,
    });
  });

  it("tells its release", () => {
    expect(evidence(utsrelease).release).toBe(release);
    expect(evidence({}).release).toBeUndefined();
  });
});

describe("an archive does not belong", () => {
  it.each<{ what: string; files: Record<string, string>; says: RegExp; contradicts?: string }>([
    {
      what: "another release, both named",
      files: { ...autoconf, "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.23-android14-4"\n' },
      says: /are of 6\.1\.23-android14-4, the running kernel is 6\.1\.57-android14-11-maybe-dirty$/,
      contradicts: "uname -r",
    },
    {
      what: "a release that only begins the same",
      files: { ...autoconf, "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57"\n' },
      says: /are of 6\.1\.57, the running/,
      contradicts: "uname -r",
    },
    { what: "no release", files: autoconf, says: /no include\/generated\/utsrelease\.h/ },
    {
      what: "a file that tells no release",
      files: { ...autoconf, "include/generated/utsrelease.h": "#define OTHER\n" },
      says: /no include\/generated\/utsrelease\.h that defines its release/,
    },
    { what: "no configuration", files: utsrelease, says: /no include\/generated\/autoconf\.h to compare/ },
    {
      what: "another configuration",
      files: { ...utsrelease, "include/generated/autoconf.h": "#define CONFIG_A 1\n#define CONFIG_B 1\n" },
      says: /differs from the running kernel's in CONFIG_B, CONFIG_B_MODULE$/,
      contradicts: "/proc/config.gz",
    },
    {
      what: "many differences, the first of them named",
      files: {
        ...utsrelease,
        "include/generated/autoconf.h": Array.from(
          "CDEFGHIJ",
          (letter) => `#define CONFIG_${letter} 1\n`,
        ).join(""),
      },
      says: /differs from the running kernel's in CONFIG_A, CONFIG_B_MODULE, CONFIG_C, CONFIG_D, CONFIG_E and 5 more$/,
      contradicts: "/proc/config.gz",
    },
    {
      what: "a release that would move the cursor",
      files: { "include/generated/utsrelease.h": '#define UTS_RELEASE "\x1b[2J"\n' },
      says: /are of \\x1b\[2J,/,
      contradicts: "uname -r",
    },
  ])("$what", ({ files, says, contradicts }) => {
    expect(evidence(files).belongsTo(release, config)).toEqual({
      belongs: false,
      reason: expect.stringMatching(says),
      contradicts,
    });
  });

  it("which is an error of its own", () => {
    expect(mismatch("it is another")).toMatchObject({
      code: "archive-mismatch",
      exitStatus: 7,
      message: expect.stringContaining("it is another"),
      hint: expect.stringContaining("--allow-mismatch"),
    });
  });
});
