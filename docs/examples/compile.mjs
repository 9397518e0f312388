// Compiles an eBPF program for the kernel that a device runs, or for another tree:
//   node compile.mjs PROGRAM [FOLDER or DIGEST]
import { compileBpf, KheadersError, withTree } from "kheaders";

const [source = "prog.c", what] = process.argv.slice(2);

try {
  // The tree is neither pruned nor removed while the work runs.
  const object = await withTree(what, {}, ({ tree }) =>
    compileBpf({ tree, source, onDiagnostics: (text) => process.stderr.write(text) }),
  );
  console.log(`${object.path}: ${object.bytes} bytes, for ${object.release}`);
} catch (error) {
  if (!(error instanceof KheadersError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.exitStatus;
}
