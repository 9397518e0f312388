import { file, tar } from "./tar-builder.js";
import { xz } from "./xz.js";

/** The configuration that simulated devices have where a test gives no other, as `autoconf.h` says it. */
const usualMacros = ["CONFIG_IKCONFIG 1", "CONFIG_IKHEADERS_MODULE 1"];

/** The headers of a kernel that exists only in a test, as its compressed archive: a few files that prove its release. */
export function smallArchive(
  release: string,
  options: {
    content?: string;
    macros?: readonly string[];
    /** Paths of more files, which are empty. */
    more?: readonly string[];
    /** More files by path, executable ones. */
    programs?: Readonly<Record<string, Buffer>>;
  } = {},
): Buffer {
  const { content = "", macros = usualMacros, more = [], programs = {} } = options;
  const define = (macro: string) => `#define ${macro}\n`;
  return xz(
    tar(
      file("include/generated/utsrelease.h", define(`UTS_RELEASE "${release}"`)),
      file("include/generated/autoconf.h", macros.map(define).join("")),
      file("include/linux/kernel.h", content),
      file("scripts/run.sh", "#!/bin/sh\n", 0o755),
      ...more.map((path) => file(path, "")),
      ...Object.entries(programs).map(([path, bytes]) => file(path, bytes, 0o755)),
    ),
  );
}
