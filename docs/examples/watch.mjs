// Stays, and pulls from each device as it connects or boots another kernel, until Ctrl-C:
//   node watch.mjs
import { watch } from "kheaders";

const controller = new AbortController();
process.once("SIGINT", () => controller.abort());

try {
  await watch({
    signal: controller.signal,
    onEvent(event) {
      if (event.type === "pulled") console.log(event.serial, event.result.tree);
      if (event.type === "failed") console.error(event.serial, event.error.message);
    },
  });
} catch (error) {
  if (!controller.signal.aborted) throw error;
}
