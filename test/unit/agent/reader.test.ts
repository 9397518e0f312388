import { afterEach, describe, expect, it, vi } from "vitest";
import { type Packet, PacketId } from "../../../host/adb/packets.js";
import { AgentReader } from "../../../host/agent/reader.js";
import { agentStatus } from "../../../shared/protocol.js";

const never = new AbortController().signal;
const stallSeconds = 30;

/** A process that prints these pieces, each read by itself, and ends with a status or with none. */
class FakeProcess {
  exitStatus: number | undefined;
  readonly #pieces: (Packet | Error)[];
  readonly #status: number | undefined;

  constructor(pieces: (Packet | Error)[], status?: number) {
    this.#pieces = [...pieces];
    this.#status = status;
  }

  async read(signal: AbortSignal): Promise<Packet[] | undefined> {
    signal.throwIfAborted();
    const piece = this.#pieces.shift();
    if (piece instanceof Error) throw piece;
    if (piece !== undefined) return [piece];
    this.exitStatus = this.#status;
    return undefined;
  }
}

const out = (text: string): Packet => ({ id: PacketId.stdout, data: Buffer.from(text) });
const err = (text: string): Packet => ({ id: PacketId.stderr, data: Buffer.from(text) });

function outputOf(pieces: (Packet | Error)[], status?: number): AgentReader {
  return new AgentReader(new FakeProcess(pieces, status), never, stallSeconds);
}

async function collected(bytes: AsyncGenerator<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("lines", () => {
  it("may come in pieces, and several in one", async () => {
    const output = outputOf([out("fir"), out("st\nsecond\n\nfou"), err("noise"), out("rth\n")]);
    for (const line of ["first", "second", "", "fourth"]) expect(await output.readLine()).toBe(line);
  });

  it("end somewhere", async () => {
    const endless = Array.from({ length: 20 }, () => out("x".repeat(65_536)));
    await expect(outputOf(endless).readLine()).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringContaining("a line that is too long"),
    });
  });
});

describe("blocks", () => {
  it("end with a dot", async () => {
    const output = outputOf([out("release=6.1\nmachine="), err("noise"), out("x\n.\nnext=1\n.\n")]);
    expect((await output.readBlock()).get("machine")).toBe("x");
    expect((await output.readBlock()).get("next")).toBe("1");
  });

  it("tell when the agent begins to wait for its turn and when it has it", async () => {
    const heard: boolean[] = [];
    const output = outputOf([out("waiting=lock\nwaiting=no\nsource=module\n.\n")]);
    const block = await output.readBlock({ onWaiting: (isWaiting) => heard.push(isWaiting) });
    expect(heard).toEqual([true, false]);
    expect(block.get("source")).toBe("module");
  });

  it("hold nothing but keys and values; what they hold instead is shown safely", async () => {
    await expect(outputOf([out("release=6.1\n\x1b]0;sh: no\n.\n")]).readBlock()).rejects.toMatchObject({
      code: "protocol-error",
      exitStatus: 6,
      message: expect.stringContaining("\\x1b]0;sh: no"),
    });
  });

  it("end somewhere", async () => {
    const endless = Array.from({ length: 5_000 }, () => out(`denied=${"x".repeat(100)}\n`));
    await expect(outputOf(endless).readBlock()).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringContaining("an answer that is too long"),
    });
  });
});

describe("the hello", () => {
  it("comes behind whatever a login prints", async () => {
    const output = outputOf([out("Welcome!\n\nkheaders 1 stale\nkheaders 1 abc\nrelease=6.1\n.\n")]);
    expect((await output.readHello("abc", 1)).get("release")).toBe("6.1");
  });

  it("may stand behind a banner that does not end its line", async () => {
    const output = outputOf([out("Welcome! kheaders 1 abc\nrelease=6.1\n.\n")]);
    expect((await output.readHello("abc", 1)).get("release")).toBe("6.1");
  });

  it("must be of our protocol", async () => {
    const hello = outputOf([out("kheaders 2 abc\n.\n")]).readHello("abc", 1);
    await expect(hello).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringMatching(/2.*1$/),
    });
  });

  it("comes at some time", async () => {
    const chatter = Array.from({ length: 2_000 }, () => out(`${"blah ".repeat(20)}\n`));
    await expect(outputOf(chatter).readHello("abc", 1)).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringContaining("blah blah"),
    });
  });
});

describe("bytes", () => {
  it("are counted, and what follows them is kept", async () => {
    const output = outputOf([out("size=5\n.\n.\nab"), err("noise"), out("\n"), out("digest=1\n.\n")]);
    expect((await output.readBlock()).size("size")).toBe(5);
    expect(await collected(output.bytes(5))).toBe(".\nab\n");
    expect((await output.readBlock()).get("digest")).toBe("1");
  });

  it("may be none", async () => {
    expect(await collected(outputOf([]).bytes(0))).toBe("");
  });

  it("are given as they come", async () => {
    const output = outputOf([out("ab"), out("cd"), out("ef")]);
    const lengths: number[] = [];
    for await (const part of output.bytes(5)) lengths.push(part.length);
    expect(lengths).toEqual([2, 2, 1]);
  });

  describe("that do not come", () => {
    afterEach(() => {
      vi.useRealTimers();
    });

    it("are not waited for for ever, but longer than the agent does", async () => {
      vi.useFakeTimers();
      const silent = { exitStatus: undefined, read: () => new Promise<undefined>(() => {}) };
      const output = new AgentReader(silent, never, stallSeconds);
      const bytes = output.bytes(1).next();
      const outcome = expect(bytes).rejects.toMatchObject({
        code: "timed-out",
        message: "the transfer stalled for 30 s",
      });
      let settled = false;
      bytes
        .catch(() => {})
        .finally(() => {
          settled = true;
        });
      await vi.advanceTimersByTimeAsync(stallSeconds * 1000);
      expect(settled).toBe(false);
      expect(output.hasStalled).toBe(false);
      await vi.advanceTimersByTimeAsync(30_000);
      await outcome;
      expect(output.hasStalled).toBe(true);
    });
  });
});

describe("the end of the process", () => {
  it.each([
    { what: "no status", status: undefined, code: "device-lost", says: /went away/ },
    { what: "stalled", status: agentStatus.stalled, code: "timed-out", says: /stalled for 30 s/ },
    { what: "cut", status: agentStatus.cut, code: "transfer-cut", says: /the kheaders module was unloaded/ },
    { what: "any other status", status: 9, code: "device-lost", says: /early: sh: Killed\\x07$/ },
  ])("is an error that says why: $what", async ({ status, code, says }) => {
    const output = outputOf([out("size=9\n.\nabc"), err("kheaders: status 0\nsh: Killed\x07\n")], status);
    await output.readBlock();
    await expect(collected(output.bytes(9))).rejects.toMatchObject({
      code,
      exitStatus: 6,
      message: expect.stringMatching(says),
      hint: expect.stringMatching(/./),
    });
  });

  it("is an error where a line has begun", async () => {
    await expect(outputOf([out("release=")]).readBlock()).rejects.toMatchObject({ code: "device-lost" });
  });

  it("may be a broken connection, which the error keeps", async () => {
    const cause = new Error("read ECONNRESET");
    await expect(outputOf([cause]).readLine()).rejects.toMatchObject({ code: "device-lost", cause });
  });

  it("is none when the signal aborts: its reason is thrown", async () => {
    const reason = new Error("enough");
    const output = new AgentReader(new FakeProcess([out("x\n")]), AbortSignal.abort(reason), stallSeconds);
    await expect(output.readLine()).rejects.toBe(reason);
  });
});

describe("standard error", () => {
  it("is kept aside, its end only", async () => {
    const output = outputOf([
      err("first words\n"),
      err("x".repeat(100_000)),
      err("last words"),
      out("line\n"),
    ]);
    await output.readLine();
    expect(output.diagnostics).toMatch(/last words$/);
    expect(output.diagnostics).not.toContain("first words");
    expect(output.diagnostics.length).toBeLessThan(100_000);
  });

  it("may not be endless", async () => {
    const flood = Array.from({ length: 200 }, () => err("x".repeat(65_536)));
    await expect(outputOf(flood).readLine()).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringContaining("too many error messages"),
    });
  });

  it("is waited for up to a text, each time behind the last", async () => {
    const output = outputOf([err("one\nrefused\ntwo\n"), out("line\n"), err("refu"), err("sed\nthree")]);
    expect(await output.untilDiagnosed("refused\n")).toBe("one\n");
    expect(await output.untilDiagnosed("refused\n")).toBe("two\n");
    expect(await output.readLine()).toBe("line");
  });

  it("may end without the text", async () => {
    expect(await outputOf([err("one\n")]).untilDiagnosed("refused\n")).toBe("one\n");
  });
});
