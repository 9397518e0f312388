import { afterEach, describe, expect, it } from "vitest";
import { encodePacket, PacketId } from "../../../host/adb/packets.js";
import { ShellProcess } from "../../../host/adb/shell.js";
import { FakeAdbServer } from "../../support/fake-adb-server.js";
import { connected, type FakeShell, serverWithShell } from "../../support/fake-shell.js";

const never = new AbortController().signal;
const patience = 60_000;

let fake: FakeAdbServer | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

/** Starts a process on a device that does as `behave` says. */
async function processThat(
  behave: (shell: FakeShell) => void | Promise<void>,
  options: { signal?: AbortSignal; command?: string } = {},
): Promise<ShellProcess> {
  fake = await serverWithShell(behave);
  return ShellProcess.start(await connected(fake, options.signal ?? never), options.command ?? "true");
}

/** All that a process prints, until it ends. */
async function everything(process: ShellProcess) {
  const printed = { stdout: "", stderr: "" };
  for (let packets = await process.read(never); packets !== undefined; packets = await process.read(never)) {
    for (const { id, data } of packets) {
      printed[id === PacketId.stdout ? "stdout" : "stderr"] += Buffer.from(data).toString("latin1");
    }
  }
  return printed;
}

describe("a process on the device", () => {
  it("is asked for on the connection that is the device's", async () => {
    const process = await processThat((shell) => shell.exit(0), { command: "echo 'ä'" });
    await everything(process);
    expect(fake?.requests).toEqual(["host:transport-id:7", "shell,v2,raw:echo 'ä'"]);
  });

  it("prints to standard output and standard error, and ends with a status", async () => {
    const process = await processThat((shell) => {
      shell.print("bytes \xff\0\n");
      shell.complain("words");
      shell.print("and more");
      shell.exit(7);
    });
    expect(process.exitStatus).toBeUndefined();
    expect(await everything(process)).toEqual({ stdout: "bytes \xff\0\nand more", stderr: "words" });
    expect(process.exitStatus).toBe(7);
  });

  it("sends something as soon as it is started, so that the server's answer is acknowledged", async () => {
    const process = await processThat(async (shell) => {
      const packet = await shell.packet();
      shell.print(`${packet?.id}:${packet?.text}`);
      shell.exit(0);
    });
    expect((await everything(process)).stdout).toBe(`${PacketId.stdin}:`);
  });

  it("hears what is written to it", async () => {
    const process = await processThat(async (shell) => {
      const input = await shell.input();
      shell.print(`${input?.id}:${input?.text}`);
      shell.exit(0);
    });
    process.write("facts\n");
    expect((await everything(process)).stdout).toBe("0:facts\n");
  });

  it("has its input closed alone, and is waited for", async () => {
    let heard: unknown;
    const process = await processThat(async (shell) => {
      heard = await shell.input();
      shell.print("still cleaning up");
      shell.exit(143);
    });
    await process.end(patience);
    expect(heard).toEqual({ id: PacketId.closeStdin, text: "" });
    expect(process.exitStatus).toBe(143);
  });

  it("is hung up on when it does not end in time", async () => {
    let hungUp: (value: unknown) => void = () => {};
    const hangUp = new Promise((resolve) => {
      hungUp = resolve;
    });
    const process = await processThat(async (shell) => {
      await shell.input();
      hungUp(await shell.input());
    });
    await process.end(50);
    expect(await hangUp).toBeUndefined();
    expect(process.exitStatus).toBeUndefined();
  });

  it("may be gone when its end is waited for", async () => {
    const process = await processThat(async (shell) => {
      await shell.input();
      shell.vanish();
    });
    await expect(process.end(patience)).resolves.toBeUndefined();
    expect(process.exitStatus).toBeUndefined();
  });

  it("has no status where the connection ends first", async () => {
    const process = await processThat((shell) => {
      shell.print("par");
      shell.hangUp();
    });
    expect((await everything(process)).stdout).toBe("par");
    expect(process.exitStatus).toBeUndefined();
  });

  it("goes on after an abort, and nothing of what it prints is lost", async () => {
    let go: () => void = () => {};
    const aborted = new Promise<void>((resolve) => {
      go = resolve;
    });
    const packet = encodePacket(PacketId.stdout, Buffer.from("after the abort"));
    const process = await processThat(async (shell) => {
      await aborted;
      shell.send(packet.subarray(0, 7));
      await shell.input();
      shell.send(packet.subarray(7));
      shell.exit(3);
    });
    const abort = new AbortController();
    const reading = process.read(abort.signal);
    abort.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    go();
    process.write("go on");
    expect((await everything(process)).stdout).toBe("after the abort");
    expect(process.exitStatus).toBe(3);
  });

  it("is out of reach of the signal that its connection was opened with", async () => {
    const abort = new AbortController();
    const process = await processThat(
      async (shell) => {
        await shell.input();
        shell.exit(0);
      },
      { signal: abort.signal },
    );
    abort.abort();
    await process.end(patience);
    expect(process.exitStatus).toBe(0);
  });

  it("cannot be had from a device that does not speak the protocol", async () => {
    fake = await FakeAdbServer.start((request, client) => {
      if (request.startsWith("shell,")) client.fail("closed");
      else client.okay();
    });
    await expect(ShellProcess.start(await connected(fake, never), "true")).rejects.toMatchObject({
      code: "device-unusable",
      message: "the device refused to run a shell: closed",
    });
  });

  it("cannot have a command that is too long for a request", async () => {
    await expect(processThat(() => {}, { command: "x".repeat(65_536) })).rejects.toThrow(RangeError);
    expect(fake?.requests).toEqual(["host:transport-id:7"]);
  });
});
