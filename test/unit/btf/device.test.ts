import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { btfOfDevice, btfOfModule } from "../../../host/btf/device.js";
import { completePullOptions, type PullOptions } from "../../../host/pull/options.js";
import { protocolVersion } from "../../../shared/protocol.js";
import { btfFile } from "../../support/btf-file.js";
import { leftoversIn, temporaryCache } from "../../support/cache-fixture.js";
import { FakeAdbServer } from "../../support/fake-adb-server.js";
import { FakeShell } from "../../support/fake-shell.js";

const path = "/sys/kernel/btf/vmlinux";
const hello = [
  "fingerprint=a/b:14/c",
  "release=6.1.57",
  "version=#1 SMP",
  "machine=aarch64",
  "boot=b7f6a0f4-9f9e-4b53-8a1f-4a9f3ec1a0ce",
  "uid=2000",
];
const withBtf = "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_DEBUG_INFO_BTF_MODULES=y\n";

/** What the device has, and who may read it. */
interface Kernel {
  /** By path. */
  readonly files: Readonly<Record<string, Buffer>>;
  readonly needsRoot: boolean;
  /** Undefined: nobody may read it. */
  readonly config: string | undefined;
}

let server: FakeAdbServer;
let options: PullOptions;
let kernel: Kernel;
/** The first lines of the commands that the agent got. */
let asked: string[];

async function agent(shell: FakeShell, command: string): Promise<void> {
  const nonce = /^KH_NONCE='(\w+)'$/m.exec(command)?.[1] ?? "";
  let isRoot = false;
  shell.print([`kheaders ${protocolVersion} ${nonce}`, ...hello, ".\n"].join("\n"));
  for (let input = await shell.input(); input !== undefined; input = await shell.input()) {
    const [verb = "", wanted = ""] = input.text.trimEnd().split("\n");
    asked.push(verb);
    const content = kernel.files[wanted];
    if (verb === "facts") {
      const config = kernel.config === undefined ? undefined : gzipSync(kernel.config);
      shell.print(
        `config=${config?.length ?? "denied"}\nnotes=denied\n.\n${config?.toString("latin1") ?? ""}`,
      );
    } else if (verb === "root command") {
      isRoot = true;
      shell.print(`root ${protocolVersion} ${nonce}\nuid=0\n.\n`);
    } else if (content === undefined || (kernel.needsRoot && !isRoot)) {
      shell.complain("kheaders: refused\n");
      shell.print(`error=unreadable\npath=${wanted}\n.\n`);
    } else {
      shell.print(`files=1\nsize=${content.length}\n.\n${content.toString("latin1")}files=1\n.\n`);
    }
  }
}

beforeEach(async () => {
  asked = [];
  kernel = { files: { [path]: btfFile() }, needsRoot: false, config: withBtf };
  server = await FakeAdbServer.start(async (request, client) => {
    if (request === "host:devices-l") return client.okay("1234 device usb:1-1 transport_id:7\n");
    client.okay();
    const prefix = "shell,v2,raw:";
    if (request.startsWith(prefix)) await agent(new FakeShell(client), request.slice(prefix.length));
  });
  const adb = { endpoint: server.endpoint, environment: {} };
  options = await completePullOptions({ server: adb, choice: {}, cache: temporaryCache() });
});
afterEach(() => server.stop());

describe("the kernel's own BTF", () => {
  it("is read by the shell if it may, and served in the same boot without another question", async () => {
    const first = await btfOfDevice(options);
    expect(first).toMatchObject({ serial: "1234", cache: "miss", entry: { kernel: { release: "6.1.57" } } });
    expect(readFileSync(first.path)).toEqual(btfFile());
    expect(asked).toEqual(["facts", "take 1 sizes"]);
    asked = [];
    expect(await btfOfDevice(options)).toMatchObject({ path: first.path, cache: "hit" });
    expect(asked).toEqual([]);
    expect(await btfOfDevice({ ...options, offline: true })).toMatchObject({ cache: "hit" });
    expect(await btfOfDevice({ ...options, refresh: true })).toMatchObject({ cache: "miss" });
  });

  it("is read by root if the shell may not", async () => {
    kernel = { ...kernel, needsRoot: true };
    expect(readFileSync((await btfOfDevice(options)).path)).toEqual(btfFile());
    expect(asked).toEqual(["facts", "take 1 sizes", "root command", "facts", "take 1 sizes"]);
  });

  it("is out of reach without root", async () => {
    kernel = { ...kernel, needsRoot: true };
    await expect(btfOfDevice({ ...options, root: "never" })).rejects.toMatchObject({
      code: "needs-root",
      message: "/sys/kernel/btf/vmlinux can only be read as root",
      hint: expect.stringContaining("Root the device"),
    });
  });

  it("is not asked of root where the configuration says that there is none", async () => {
    kernel = { files: {}, needsRoot: true, config: "CONFIG_BPF=y\n" };
    await expect(btfOfDevice(options)).rejects.toMatchObject({
      code: "no-btf",
      message: "this kernel has no BTF: CONFIG_DEBUG_INFO_BTF is not set",
    });
    expect(asked).not.toContain("root command");
  });

  it("is not there if root finds none, and confined if there should be one", async () => {
    kernel = { files: {}, needsRoot: true, config: undefined };
    await expect(btfOfDevice(options)).rejects.toMatchObject({
      code: "no-btf",
      message: "this kernel has no BTF: there is no /sys/kernel/btf/vmlinux",
    });
    kernel = { ...kernel, config: withBtf };
    await expect(btfOfDevice(options)).rejects.toMatchObject({ code: "not-permitted" });
  });

  it.each([
    ["no BTF", Buffer.from("<html><body>not found</body></html>")],
    ["cut short", btfFile().subarray(0, -4)],
    ["empty", Buffer.alloc(0)],
  ])("is not kept if it is %s", async (_what, content) => {
    kernel = { ...kernel, files: { [path]: content } };
    await expect(btfOfDevice(options)).rejects.toMatchObject({ code: "protocol-error" });
    expect(options.cache.btf.entries()).toEqual([]);
    expect(leftoversIn(`${options.cache.dir}/btf`)).toEqual([]);
  });

  it("is not cached for a device that was never asked", async () => {
    await expect(btfOfDevice({ ...options, offline: true })).rejects.toMatchObject({ code: "not-cached" });
  });
});

describe("a module's BTF", () => {
  const ofModule = btfFile("net");

  it("is read anew each time, and names the kernel's", async () => {
    kernel = { ...kernel, files: { ...kernel.files, "/sys/kernel/btf/virtio_net": ofModule } };
    const { path: file, base } = await btfOfModule(options, "virtio_net");
    expect([readFileSync(file), readFileSync(base.path)]).toEqual([ofModule, btfFile()]);
    kernel = { ...kernel, files: { ...kernel.files, "/sys/kernel/btf/virtio_net": btfFile("wifi") } };
    expect((await btfOfModule(options, "virtio_net")).path).toBe(file);
    expect(readFileSync(file)).toEqual(btfFile("wifi"));
  });

  it("is not there for a module that is not loaded", async () => {
    await expect(btfOfModule(options, "virtio_net")).rejects.toMatchObject({
      code: "no-btf",
      message: "the kernel's module virtio_net has no BTF",
    });
  });

  it.each(["../../../etc/passwd", "a-b", "", "vmlinux", "a\nb", "x".repeat(65)])(
    "is refused for what is not a module's name: %j",
    async (name) => {
      await expect(btfOfModule(options, name)).rejects.toMatchObject({ code: "usage" });
      expect(asked).toEqual([]);
    },
  );
});
