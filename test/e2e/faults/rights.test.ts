import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualDevice } from "../../lab/index.js";
import { isLoaded } from "../../support/device-state.js";
import { emulated } from "../../support/emulated.js";
import { recordFault } from "../../support/fault-table.js";
import type { Outcome } from "../../support/kheaders.js";
import { Workstation } from "../../support/workstation.js";

const insmod = "insmod /system/lib/modules/kheaders.ko";

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

/** Pulls anew and tells of the result, or of the error. */
async function pull(device: VirtualDevice, ...options: string[]) {
  const ended = await host.kheaders(["-s", device.serial, "pull", "--refresh", "--json", ...options]);
  return { ...ended, result: JSON.parse(ended.stdout) };
}

function record(fault: string, { status }: Outcome): void {
  recordFault({ fault, stage: "becoming root", secondsUntilGone: undefined, outcome: `status ${status}` });
}

describe.each([
  { su: "aosp", asRoot: (command: string) => `su 0 sh -c '${command}'` },
  { su: "magisk", asRoot: (command: string) => `su -c '${command}'` },
] as const)("a shell user with the su of $su", emulated, ({ su, asRoot }) => {
  let device: VirtualDevice;

  beforeAll(async () => {
    device = await host.boot({ flavour: "light", user: "shell", restricted: true, su });
  });

  it("has the module loaded and unloaded by root", async () => {
    const { status, result } = await pull(device);
    expect(status).toBe(0);
    expect(result).toMatchObject({ source: "module", unloaded: true });
    expect(await isLoaded(host, device)).toBe(false);
  });

  it("has the module's file read by root with --no-load", async () => {
    const { status, result } = await pull(device, "--no-load");
    expect(status).toBe(0);
    expect(result).toMatchObject({ source: "file", unloaded: null });
    expect(await isLoaded(host, device)).toBe(false);
    const { result: error } = await pull(device, "--no-load", "--no-su");
    expect(error).toMatchObject({
      error: { code: "needs-root", message: expect.stringContaining("can only be listed as root") },
    });
  });

  it("has root read an archive that it sees and may not read", async () => {
    await host.shell(device, asRoot(insmod));
    const { status, result } = await pull(device);
    expect(status).toBe(0);
    expect(result).toMatchObject({ source: "loaded", unloaded: null });
    expect(await isLoaded(host, device)).toBe(true);
  });

  it("is told that root is needed where su may not be asked", async () => {
    const { status, result } = await pull(device, "--no-su");
    expect(status).toBe(5);
    expect(result.error).toMatchObject({
      code: "needs-root",
      message: expect.stringContaining("the headers are there (/sys/kernel/kheaders.tar.xz)"),
      // The release is of no public build.
      hint: expect.stringContaining("see: kheaders import --help"),
    });
  });
});

it("tells of a su that refuses", emulated, async () => {
  const device = await host.boot({ flavour: "light", user: "shell", restricted: true, su: "refuse" });
  const refused = await pull(device);
  record("su refuses", refused);
  expect(refused.status).toBe(5);
  expect(refused.result.error).toMatchObject({
    code: "root-refused",
    message: expect.stringMatching(/su refused: Permission denied/),
    hint: expect.stringContaining("Grant root"),
  });
});

it("tells of a su that waits for a tap on the screen, and leaves none behind", emulated, async () => {
  const device = await host.boot({ flavour: "light", user: "shell", restricted: true, su: "hang" });
  const unanswered = await pull(device, "--timeout", "5");
  record("su waits for a tap on the screen", unanswered);
  expect(unanswered.status).toBe(5);
  expect(unanswered.result.error).toMatchObject({
    code: "root-timeout",
    message: expect.stringMatching(/su did not answer: gave up after 5 s/),
    hint: expect.stringContaining("Unlock the device"),
  });
  expect(await host.shell(device, "pgrep -x su || echo none")).toBe("none\n");
});

it("reads an archive that the shell user may read without asking su", emulated, async () => {
  const content = Buffer.from("#!/system/bin/sh\necho asked >/data/local/tmp/su\nexit 1\n");
  const files = [{ type: "file", path: "system/bin/su", mode: 0o755, content }] as const;
  const device = await host.boot({ flavour: "built-in", user: "shell", files });
  const { status, result } = await pull(device);
  expect(status).toBe(0);
  expect(result).toMatchObject({ source: "built-in", unloaded: null });
  expect(await host.shell(device, "ls /data/local/tmp")).toBe("");
});

describe("without su", emulated, () => {
  it("an archive that the shell user sees and may not read needs root; a production adbd gives none", async () => {
    const device = await host.boot({
      flavour: "built-in",
      user: "shell",
      restricted: true,
      adbRoot: "production",
    });
    const { status, result } = await pull(device);
    expect(status).toBe(5);
    expect(result.error).toMatchObject({
      code: "needs-root",
      message: expect.stringContaining("the headers are there (/sys/kernel/kheaders.tar.xz)"),
    });

    const refused = await pull(device, "--root");
    record("adb root on a production build", refused);
    expect(refused.status).toBe(5);
    expect(refused.result.error).toMatchObject({
      code: "root-refused",
      message: "adb root: adbd cannot run as root in production builds",
    });
  });

  describe("on a build whose adbd may be root", () => {
    let device: VirtualDevice;

    beforeAll(async () => {
      device = await host.boot({ flavour: "light", user: "shell", restricted: true, adbRoot: "allowed" });
    });

    it("root is needed", async () => {
      const { status, result } = await pull(device);
      expect(status).toBe(5);
      expect(result.error).toMatchObject({
        code: "needs-root",
        hint: expect.stringContaining("--root"),
      });
    });

    it("--root restarts adbd for the pull, and then as it was", async () => {
      const { status, result } = await pull(device, "--root");
      expect(status).toBe(0);
      expect(result).toMatchObject({ source: "module", unloaded: true });
      expect(await host.shell(device, "id -u")).toBe("2000\n");
      expect(await isLoaded(host, device)).toBe(false);
    });

    it.each([/Restarting adbd/, /Transferring/])("puts adbd back after Ctrl-C at %s", async (stage) => {
      const command = host.start(["-s", device.serial, "pull", "--refresh", "--root"]);
      await command.says(stage);
      command.signal("SIGINT");
      const ended = await command.ended;
      record("Ctrl-C with adb root", ended);
      expect(ended).toMatchObject({ status: 130 });
      expect(await host.shell(device, "id -u")).toBe("2000\n");
      expect(await isLoaded(host, device)).toBe(false);
    });
  });
});
