// Pulls from all devices that can be used, four at a time:
//   node pull-many.mjs
import { exitStatusOfAll, pullMany } from "kheaders";

const outcomes = await pullMany({
  jobs: 4,
  timeoutSeconds: 60,
  onEvent(event) {
    if (event.type !== "ended") return;
    const { serial, result, error } = event.outcome;
    console.log(serial, result?.tree ?? `${error.code}: ${error.message}`);
  },
});
process.exitCode = exitStatusOfAll(outcomes);
