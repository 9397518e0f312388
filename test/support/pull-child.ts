/**
 * A process that pulls once through the library, for tests that kill it: its orders come as JSON in the first argument, each
 * line that it prints is the stage that it comes to, and the last one the tree.
 */
import { writeSync } from "node:fs";
import { openCache } from "../../host/cache/index.js";
import { pull } from "../../host/pull/pull.js";

/** What a child is to do. */
export interface PullOrders {
  readonly port: number;
  readonly serial: string;
  readonly cache: string;
  readonly locks: boolean;
}

const orders: PullOrders = JSON.parse(process.argv[2] ?? "");
const say = (text: string) => writeSync(1, `${text}\n`);

void run();

async function run(): Promise<void> {
  say("starting");
  const result = await pull({
    server: { endpoint: { kind: "tcp", host: "127.0.0.1", port: orders.port }, environment: {} },
    choice: { serial: orders.serial },
    cache: openCache({ dir: orders.cache, tool: "test", locks: orders.locks }),
    waitSeconds: 0,
    refresh: false,
    offline: false,
    keepLoaded: false,
    load: true,
    allowMismatch: false,
    trustRelease: false,
    store: undefined,
    root: "su",
    stallSeconds: 30,
    signal: AbortSignal.timeout(60_000),
    onProgress: (event) => {
      if (event.type === "stage") say(event.stage);
    },
  });
  say(`tree ${result.tree}`);
  process.exit(0);
}
