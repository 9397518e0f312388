import { statSync } from "node:fs";
import { KheadersError } from "../../../shared/errors.js";
import { type BtfOptions, withBtf } from "../../btf/locate.js";
import type { Btf } from "../../kernel/btf/btf.js";
import { openBtf } from "../../kernel/btf/open.js";

/** Whose types are wanted. */
export interface TypesOptions extends BtfOptions {
  /** The types of this loaded module, too, which are read from the device. */
  readonly module: string | undefined;
  /** For a file with a module's BTF: the file with the kernel's. */
  readonly base: string | undefined;
}

/**
 * Opens the types of a kernel and runs `work` on them.
 *
 * @param what A file with BTF, or a tree, as for {@link withBtf}.
 * @throws KheadersError `btf-corrupt`; `usage` for options that do not go together; and what {@link withBtf} and `work`
 * throw.
 */
export async function withTypes<T>(
  what: string | undefined,
  options: TypesOptions,
  work: (btf: Btf) => T,
): Promise<T> {
  const { module, base } = options;
  const isFile = what !== undefined && statSync(what, { throwIfNoEntry: false })?.isFile() === true;
  if (base !== undefined && !isFile)
    throw new KheadersError("usage", "--base is only for a file with a module's BTF");
  if (module !== undefined && what !== undefined)
    throw new KheadersError("usage", "--module reads the types from the device, and takes no tree or file");
  if (isFile) return work(openBtf(what, base === undefined ? undefined : openBtf(base)));
  if (module !== undefined) {
    const { btfOfModule } = await import("../../btf/device.js");
    const { path, base } = await btfOfModule(options, module);
    return work(openBtf(path, openBtf(base.path)));
  }
  return withBtf(what, options, async ({ path }) => work(openBtf(path)));
}
