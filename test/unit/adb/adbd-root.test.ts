import { afterEach, expect, it } from "vitest";
import { type RestartTimes, type RootMode, withAdbdRoot } from "../../../host/adb/adbd-root.js";
import type { Device } from "../../../host/adb/devices.js";
import { KheadersError } from "../../../shared/errors.js";
import type { ProgressEvent } from "../../../shared/progress.js";
import { FakeAdbServer } from "../../support/fake-adb-server.js";

const device: Device = {
  serial: "192.168.0.7:5555",
  state: "device",
  model: undefined,
  transportId: "1",
  usb: false,
};
const listing = (serial: string, id: number, state = "device") => `${serial} ${state} transport_id:${id}\n`;
const here = listing(device.serial, 1);

let fake: FakeAdbServer | undefined;
afterEach(() => fake?.stop());

/** A server whose device answers `root:` and `unroot:` with these words, and that lists these one after the other since then. */
async function workWith(options: {
  readonly answers?: Readonly<Record<string, string>>;
  readonly before?: string;
  readonly after?: readonly string[];
  readonly root?: RootMode;
  readonly times?: Partial<RestartTimes>;
  readonly work?: (device: Device) => Promise<string>;
}) {
  const answers: Readonly<Record<string, string>> = {
    "root:": "restarting adbd as root\n",
    "unroot:": "restarting adbd as non root\n",
    ...options.answers,
  };
  const { before = here, after = [here, "", listing(device.serial, 2)] } = options;
  let lists: string[] = [];
  let last = before;
  fake = await FakeAdbServer.start((request, client) => {
    const answer = answers[request];
    if (answer !== undefined) {
      lists = [...after];
      client.okay();
      client.send(answer);
      client.end();
    } else if (request === "host:devices-l") {
      last = lists.shift() ?? last;
      client.okay(last);
    } else client.okay();
  });
  const events: ProgressEvent[] = [];
  const used: Device[] = [];
  const result = withAdbdRoot(
    device,
    {
      server: { endpoint: fake.endpoint, environment: {} },
      root: options.root ?? "adb",
      signal: new AbortController().signal,
      onProgress: (event) => events.push(event),
      times: { poll: 1, answer: 60_000, leave: 60_000, back: 60_000, elsewhere: 60_000, ...options.times },
    },
    async (reached) => {
      used.push(reached);
      if (used.length === 1) throw new KheadersError("needs-root", "only root may do that");
      return (await options.work?.(reached)) ?? "done";
    },
  );
  const services = () => fake?.requests.filter((request) => /^(un)?root:$/.test(request));
  const warnings = () => events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  return { result, used, services, warnings };
}

it("works once more with the device that came back, and puts adbd back", async () => {
  const { result, used, services, warnings } = await workWith({});
  expect(await result).toBe("done");
  expect(used.map(({ transportId }) => transportId)).toEqual(["1", "2"]);
  expect(services()).toEqual(["root:", "unroot:"]);
  expect(warnings()).toEqual([]);
});

it("puts adbd back if the work fails", async () => {
  const work = () => Promise.reject(new Error("no"));
  const { result, services } = await workWith({ work });
  await expect(result).rejects.toThrow("no");
  expect(services()).toEqual(["root:", "unroot:"]);
});

it("leaves adbd as it is if it was root, or may not be restarted", async () => {
  const root = await workWith({ answers: { "root:": "adbd is already running as root\n" } });
  expect(await root.result).toBe("done");
  expect(root.services()).toEqual(["root:"]);
  await fake?.stop();
  const su = await workWith({ root: "su" });
  await expect(su.result).rejects.toMatchObject({ code: "needs-root" });
  expect(su.services()).toEqual([]);
});

it("gives the words of an adbd that refuses, and no more of them than a line", async () => {
  const { result, used } = await workWith({
    answers: { "root:": "adbd cannot run as root in production builds\n" },
  });
  await expect(result).rejects.toMatchObject({
    code: "root-refused",
    message: "adb root: adbd cannot run as root in production builds",
  });
  expect(used).toHaveLength(1);
  await fake?.stop();
  const endless = await workWith({ answers: { "root:": "no ".repeat(100_000) } });
  await expect(endless.result).rejects.toMatchObject({ code: "adb-failed" });
});

it("names the device that appears in its place", async () => {
  const other = listing("192.168.0.7:5556", 2);
  const bystander = listing("1234", 9);
  const { result, used, warnings } = await workWith({
    before: here + bystander,
    after: [here + bystander, bystander, other + bystander],
    times: { elsewhere: 0 },
  });
  await expect(result).rejects.toMatchObject({
    code: "device-lost",
    exitStatus: 6,
    message: "192.168.0.7:5555 did not come back after adbd restarted, but 192.168.0.7:5556 appeared",
    hint: expect.stringContaining("-s 192.168.0.7:5556"),
  });
  expect(used).toHaveLength(1);
  expect(warnings()).toEqual([expect.stringMatching(/^adbd may still run as root .*adb unroot$/)]);
});

it.each([
  { after: [here, ""], message: /^192\.168\.0\.7:5555 did not come back \d+ s after adbd restarted$/ },
  {
    after: [listing(device.serial, 2, "offline")],
    message: /^192\.168\.0\.7:5555 was still offline \d+ s after/,
  },
])("does not wait for ever: $message", async ({ after, message }) => {
  const { result } = await workWith({ after, times: { back: 0 } });
  await expect(result).rejects.toMatchObject({
    code: "device-lost",
    message: expect.stringMatching(message),
    hint: expect.stringContaining("adb connect"),
  });
});
