import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { recordFault } from "../../support/fault-table.js";
import { type Lies, lyingDevice } from "../../support/lying-agent.js";
import { peakMemory } from "../../support/peak-memory.js";
import { Workstation } from "../../support/workstation.js";

const mostMemory = 200e6;

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

vi.setConfig({ maxConcurrency: 8 });

/** A device that lies, and the error that a pull from it ends with. */
interface Case {
  readonly lie: string;
  readonly lies: Lies;
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
  readonly options?: readonly string[];
}

/** Bytes without end and without a newline. */
const flood = "yes flood | tr -d '\\n'";

const cases: readonly Case[] = [
  {
    lie: "more bytes announced than come",
    lies: { send: "size=$((size + 1000)); header; bytes; exit" },
    status: 6,
    code: "device-lost",
    message: /the device's shell ended early/,
  },
  {
    lie: "more bytes announced than come before the trailer",
    lies: { send: "size=$((size + 10)); send" },
    status: 7,
    code: "archive-corrupt",
    message: /something follows the end of the xz data/,
  },
  {
    lie: "fewer bytes announced than come",
    lies: { send: "size=$((size - 4)); send" },
    status: 7,
    code: "archive-corrupt",
    message: /archive/,
  },
  {
    lie: "more bytes announced than anybody takes",
    lies: { send: "size=100000000000000; send" },
    status: 7,
    code: "archive-refused",
    message: /100000000000000 bytes; the limit is \d+/,
  },
  {
    lie: "a size that is no number",
    lies: { send: "size=-1; send" },
    status: 6,
    code: "protocol-error",
    message: /sends an archive without its source, path or size/,
  },
  {
    lie: "another byte than the archive has",
    lies: { send: "header; head -c 200 /lab/archive; changed; tail -c +202 /lab/archive; trailer" },
    status: 7,
    code: "archive-corrupt",
    message: /the archive is damaged/i,
  },
  {
    lie: "bytes that never end",
    lies: { send: `header; bytes; ${flood}` },
    status: 6,
    code: "protocol-error",
    message: /a line that is too long/,
  },
  {
    lie: "one byte a second",
    lies: { send: "header; while printf x; do sleep 1; done" },
    options: ["--timeout", "4"],
    status: 6,
    code: "timed-out",
    message: /gave up after 4 s/,
  },
  {
    lie: "silence in mid-transfer",
    lies: { send: "header; head -c 100 /lab/archive; sleep 100" },
    options: ["--stall", "1"],
    status: 6,
    code: "timed-out",
    message: /the transfer stalled for 1 s/,
  },
  {
    lie: "silence after the transfer",
    lies: { send: "header; bytes; sleep 100" },
    options: ["--stall", "1"],
    status: 6,
    code: "timed-out",
    message: /the transfer stalled for 1 s/,
  },
  {
    lie: "silence from the start",
    lies: { hello: "sleep 100" },
    options: ["--timeout", "2"],
    status: 6,
    code: "timed-out",
    message: /gave up after 2 s/,
  },
  {
    lie: "a lock that is never free",
    lies: { send: "say waiting=lock; sleep 100" },
    options: ["--timeout", "2"],
    status: 6,
    code: "device-busy",
    message: /another kheaders is using the device: gave up after 2 s/,
  },
  {
    lie: "garbage without end before the hello",
    lies: { hello: "cat /dev/urandom" },
    status: 6,
    code: "protocol-error",
    message: /unexpected output from the device's shell/,
  },
  {
    lie: "a banner without end",
    lies: { hello: "yes 'Welcome to this device'" },
    status: 6,
    code: "protocol-error",
    message: /unexpected output from the device's shell: Welcome to this device/,
  },
  {
    lie: "a line without end before the hello",
    lies: { hello: flood },
    status: 6,
    code: "protocol-error",
    message: /a line that is too long/,
  },
  {
    lie: "garbage before the header",
    lies: { send: "head -c 100 /lab/archive; send" },
    status: 6,
    code: "protocol-error",
    message: /unexpected output from the device's shell/,
  },
  {
    lie: "lines of a hello without end",
    lies: { hello: 'say "kheaders 1 $nonce"; yes fingerprint=endless' },
    status: 6,
    code: "protocol-error",
    message: /an answer that is too long/,
  },
  {
    lie: "lines of a header without end",
    lies: { send: "yes source=module" },
    status: 6,
    code: "protocol-error",
    message: /an answer that is too long/,
  },
  {
    lie: "facts that are too long",
    lies: { send: "config=999999999999; header" },
    status: 6,
    code: "protocol-error",
    message: /sends 999999999999 bytes of kernel facts/,
  },
  {
    lie: "another protocol",
    lies: { hello: 'say "kheaders 99 $nonce"; kernel; say .' },
    status: 6,
    code: "protocol-error",
    message: /the device speaks protocol 99, this kheaders 1/,
  },
  {
    lie: "1 GB of error messages before the hello",
    lies: { hello: "yes error | head -c 1000000000 >&2; hello" },
    status: 6,
    code: "protocol-error",
    message: /too many error messages/,
  },
  {
    lie: "1 GB of error messages in mid-transfer",
    lies: { send: "header; head -c 100 /lab/archive; yes error | head -c 1000000000 >&2" },
    status: 6,
    code: "protocol-error",
    message: /too many error messages/,
  },
  ...[
    { point: "at once", lies: { hello: "exit" } },
    { point: "within the hello", lies: { hello: 'say "kheaders 1 $nonce" fingerprint=lab/liar; exit' } },
    { point: "after the hello", lies: { hello: "hello; exit" } },
    { point: "within the facts", lies: { send: "config=100; header; head -c 10 /dev/zero; exit" } },
    { point: "before the header", lies: { send: "exit" } },
    { point: "within the header", lies: { send: "say source=module path=/sys; exit" } },
    { point: "after the header", lies: { send: "header; exit" } },
    { point: "within the archive", lies: { send: "header; head -c 100 /lab/archive; exit" } },
    { point: "before the trailer", lies: { send: "header; bytes; exit" } },
    { point: "within the trailer", lies: { send: "header; bytes; say unloaded=yes; exit" } },
  ].map(({ point, lies }) => ({
    lie: `the end ${point}`,
    lies,
    status: 6,
    code: "device-lost",
    message: /the device's shell ended early/,
  })),
];

describe.concurrent("a pull from a device that lies or stalls ends with a clear error", () => {
  it.each(cases)("$lie", async ({ lie, lies, status, code, message, options = [] }) => {
    const device = await host.simulate(lyingDevice(lies));
    const cache = host.folder(lie.replaceAll(" ", "-"));
    const args = ["-s", device.serial, "pull", "--json", "--timeout", "60", ...options, "--cache-dir", cache];
    const pull = host.start(args);
    const [ended, memory] = await Promise.all([pull.ended, peakMemory(pull.pid, pull.ended)]);
    await device.stop();
    recordFault({
      fault: lie,
      stage: "lying device",
      secondsUntilGone: undefined,
      outcome: `status ${ended.status}, ${(memory / 1e6).toFixed(0)} MB`,
    });
    expect(ended.stdout).not.toBe("");
    expect({ status: ended.status, ...JSON.parse(ended.stdout) }).toMatchObject({
      status,
      error: { code, message: expect.stringMatching(message) },
    });
    expect(ended.stderr.match(/^kheaders: /gm)).toHaveLength(1);
    expect(memory).toBeLessThan(mostMemory);
    expect(host.cacheContents(cache)).toEqual([]);
    expect(await host.kheaders(["cache", "verify", "--cache-dir", cache])).toMatchObject({ status: 0 });
  });
});

it("a device that says all as it should is believed", async () => {
  const device = await host.simulate(lyingDevice({}));
  expect(await host.kheaders(["-s", device.serial, "pull"])).toMatchObject({ status: 0 });
});
