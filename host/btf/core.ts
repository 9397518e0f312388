import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { type BpfObject, type BpfOptions, checkBpfFiles } from "../build/bpf.js";
import { findClang } from "../build/clang.js";
import { compile, fileArgument } from "../build/compile.js";
import { writeOutput } from "../user-files/output.js";
import { type BtfOptions, type BtfSource, withBtf } from "./locate.js";
import { withVmlinuxH } from "./vmlinux-h.js";

/** What to compile. */
export type CoreOptions = Pick<BpfOptions, "source" | "version" | "flags" | "onDiagnostics"> & {
  /** Where the object goes; a regular file there is replaced. */
  readonly output: string;
};

/** A program that was compiled for CO-RE. */
export interface CoreObject extends BpfObject {
  /** Where the BTF came from whose types it was compiled with. */
  readonly from: BtfSource;
}

/**
 * Compiles an eBPF program with the `vmlinux.h` of a kernel, for eBPF itself: libbpf adapts such an object to the kernel
 * that it is loaded into (CO-RE). It may include libbpf's headers.
 *
 * @param what As for {@link withBtf}.
 * @throws KheadersError `compile-failed`, `tool-missing`; `usage` if there is no such source or the kernel's architecture is
 * unknown; `output-failed` or `disk-full`; and what {@link withBtf} throws.
 */
export async function compileCore(
  what: string | undefined,
  options: BtfOptions,
  core: CoreOptions,
): Promise<CoreObject> {
  const { source, output, version, flags, onDiagnostics } = core;
  const { clang, signal } = options;
  const target = checkBpfFiles({ source, output });
  await findClang(clang, signal);
  return withBtf(what, options, (located) =>
    withVmlinuxH(located, options, async (folder) => {
      const { architecture, release, from } = located;
      if (architecture === undefined)
        throw new KheadersError("usage", "the architecture of this kernel is unknown");
      const temporary = mkdtempSync(join(resolve(tmpdir()), "kheaders-bpf-"));
      try {
        const object = join(temporary, "program.o");
        const args = [
          ...["-target", "bpf", `-mcpu=${version}`, "-g", "-O2"],
          ...[`-D__TARGET_ARCH_${architecture.bpfTarget}`, `-I${folder}`, ...flags],
          ...["-c", "-o", object, "--", fileArgument(source)],
        ];
        await compile(clang, args, { what: printable(source, 4096), signal, onDiagnostics });
        const content = readFileSync(object);
        writeOutput(content, output);
        return { path: target, bytes: content.length, release, from };
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    }),
  );
}
