import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** The calls by which the cache changes something on the disk; those in the first list need space for it. */
const allocating = [
  "mkdirSync",
  "writeFileSync",
  "openSync",
  "writeSync",
  "symlinkSync",
  "linkSync",
  "renameSync",
] as const;
const others = [
  "fchmodSync",
  "chmodSync",
  "futimesSync",
  "utimesSync",
  "closeSync",
  "rmSync",
  "unlinkSync",
  "rmdirSync",
] as const;

/** A call that is about to be made. */
export interface DiskWrite {
  readonly name: string;
  readonly needsSpace: boolean;
}

/**
 * Has `onWrite` told of every call of this process that changes something on the disk, before it is made; what that throws
 * the caller gets. Output to the standard streams is none.
 *
 * @returns A function that ends it.
 */
export function watchWrites(onWrite: (write: DiskWrite) => void): () => void {
  const real = new Map<string, unknown>();
  for (const name of [...allocating, ...others]) {
    const call = fs[name] as (...args: unknown[]) => unknown;
    real.set(name, call);
    const needsSpace = allocating.some((each) => each === name);
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        const isOutput = name === "writeSync" && (args[0] === 1 || args[0] === 2);
        const isReading = name === "openSync" && opensForReading(args[1]);
        if (!isOutput && !isReading) onWrite({ name, needsSpace });
        return call(...args);
      },
    });
  }
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, Object.fromEntries(real));
    syncBuiltinESMExports();
  };
}

/** Whether open(2) with these flags changes nothing on the disk. */
function opensForReading(flags: unknown): boolean {
  const { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;
  if (typeof flags === "number") return (flags & (O_CREAT | O_RDWR | O_WRONLY)) === O_RDONLY;
  return flags === "r";
}
