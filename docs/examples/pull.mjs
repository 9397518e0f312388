// Pulls the headers of the kernel that a device runs, and tells where they are:
//   node pull.mjs [SERIAL]
import { KheadersError, pull } from "kheaders";

const [serial] = process.argv.slice(2);
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

try {
  const { kernel, tree, cache } = await pull({
    choice: serial === undefined ? undefined : { serial },
    signal: controller.signal,
    onProgress(event) {
      if (event.type === "progress") console.error(`${event.bytes} of ${event.total} bytes`);
    },
  });
  console.log(`${kernel.release} (${kernel.machine}): ${tree} (cache ${cache})`);
} catch (error) {
  if (!(error instanceof KheadersError)) throw error;
  console.error(`${error.code}: ${error.message}\n${error.hint ?? ""}`);
  process.exitCode = error.exitStatus;
}
