import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Block } from "./block.js";

/** A module file on the device. */
export interface ListedModule {
  /** As the device spells it; not printable as it is. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** The module files of a device, as far as this user may see them. */
export interface ModuleListing {
  /** Each file once, by the path that came first. */
  readonly modules: readonly ListedModule[];
  /** Names of the modules that are loaded; none if the device does not let this user see them. */
  readonly loaded: ReadonlySet<string>;
  /** Module folders that this user may not list. */
  readonly denied: readonly string[];
  /** Something in the module folders, or one of them, may not be looked into. */
  readonly isPartial: boolean;
  /** Some modules cannot be requested: their names have a line break or are not UTF-8. */
  readonly hasUnusableNames: boolean;
}

/** `S_IFMT` and `S_IFREG` of stat(2). */
const typeMask = 0o170000;
const regularFile = 0o100000;
/** A full distribution has some 4,000. */
const maxModules = 20_000;

/**
 * Makes a listing of the agent's answer to `modules`. Throws `protocol-error` for anything else, and for far too many.
 *
 * @param said what find printed on standard error.
 */
export function moduleListingOf(block: Block, said: string): ModuleListing {
  const lines = block.all("module");
  if (lines.length > maxModules)
    throw new KheadersError("protocol-error", `the device lists more than ${maxModules} modules`);
  const modules = new Map<string, ListedModule>();
  let hasUnusableNames = block.get("odd") === "yes";
  for (const line of lines) {
    const { mode, size, inode, path } =
      /^(?<mode>[0-9a-f]{1,8}) (?<size>\d{1,15}) (?<inode>\d+:\d+) (?<path>\/.*)$/.exec(line)?.groups ?? {};
    if (mode === undefined || size === undefined || inode === undefined || path === undefined)
      throw new KheadersError(
        "protocol-error",
        `unexpected line in the device's list of modules: ${printable(line, 80)}`,
      );
    const isFile = (Number.parseInt(mode, 16) & typeMask) === regularFile;
    if (path.includes("\ufffd")) hasUnusableNames = true;
    // Of one file by several paths, as /system/lib/modules is a link to /system_dlkm/lib/modules, the first.
    else if (isFile && !modules.has(inode)) modules.set(inode, { path, size: Number(size) });
  }
  const denied = block.all("denied");
  return {
    modules: [...modules.values()],
    loaded: new Set(block.all("loaded")),
    denied,
    isPartial: denied.length > 0 || /permission denied/i.test(said),
    hasUnusableNames,
  };
}
