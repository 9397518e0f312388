import { afterEach, describe, expect, it } from "vitest";
import { AgentRefusal, Conversation } from "../../../host/agent/conversation.js";
import { becomeRoot } from "../../../host/agent/su.js";
import { KheadersError } from "../../../shared/errors.js";
import { protocolVersion } from "../../../shared/protocol.js";
import type { FakeAdbServer } from "../../support/fake-adb-server.js";
import { connected, type FakeShell, serverWithShell } from "../../support/fake-shell.js";

const hello = "fingerprint=a/b:14/c\nrelease=6.1.57\nversion=#1 SMP\nmachine=aarch64\nuid=2000\n";
const bootId = "b7f6a0f4-9f9e-4b53-8a1f-4a9f3ec1a0ce";

let server: FakeAdbServer | undefined;
let conversation: Conversation | undefined;
afterEach(async () => {
  conversation?.close();
  await server?.stop();
});

/** What a fake agent answers to a command of the host; it sees the nonce as well. */
type Answer = (shell: FakeShell, nonce: string) => void | Promise<void>;

/** Starts a conversation with an agent that says `opening` behind the first line of its hello, then answers in turn. */
async function started(
  answers: Record<string, Answer | string> = {},
  options: { opening?: string; version?: number; signal?: AbortSignal } = {},
): Promise<Conversation> {
  server = await serverWithShell(async (shell, command) => {
    const nonce = /^KH_NONCE='(\w+)'$/m.exec(command)?.[1] ?? "";
    shell.print(`kheaders ${options.version ?? protocolVersion} ${nonce}\n${options.opening ?? hello}.\n`);
    for (let input = await shell.input(); input !== undefined; input = await shell.input()) {
      const answer = answers[input.text.trimEnd()];
      if (typeof answer === "string") shell.print(answer);
      else await answer?.(shell, nonce);
    }
  });
  const signal = options.signal ?? new AbortController().signal;
  conversation = await Conversation.start(await connected(server, signal), { stallSeconds: 30 }, signal);
  return conversation;
}

const noWait = () => expect.unreachable();

/** Lets what was sent before travel by itself. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("the hello", () => {
  it("names the kernel", async () => {
    const { hello: heard } = await started({}, { opening: `${hello}boot=${bootId}\n` });
    expect(heard).toEqual({
      fingerprint: "a/b:14/c",
      release: "6.1.57",
      version: "#1 SMP",
      machine: "aarch64",
      bootId,
      uid: 2000,
    });
  });

  it.each(["", "boot=\n", "boot=../../x\n"])("may come without a boot id that is one: %j", async (boot) => {
    expect((await started({}, { opening: hello + boot })).hello.bootId).toBeUndefined();
  });

  it("must name the release", async () => {
    await expect(started({}, { opening: "machine=aarch64\n" })).rejects.toMatchObject({
      code: "protocol-error",
    });
  });

  it.each(["fingerprint", "release", "version", "machine"])(
    "has no control characters and no endless text as %s",
    async (key) => {
      for (const text of ["a\0b", "a\x1b[2J", "a\rb", "\x7f", "\xc2\x85", "x".repeat(200_000)]) {
        const opening = `${hello.replace(new RegExp(`^${key}=.*\n`, "m"), "")}${key}=${text}\n`;
        await expect(started({}, { opening })).rejects.toMatchObject({
          code: "protocol-error",
          message: expect.stringContaining(`invalid ${key}`),
        });
        await server?.stop();
      }
    },
  );

  it("must be of our protocol", async () => {
    await expect(started({}, { version: protocolVersion + 1 })).rejects.toMatchObject({
      code: "protocol-error",
    });
  });
});

describe("the agent's patience", () => {
  it.each([
    [0.5, 1],
    [1, 1],
    [1.01, 2],
    [30, 30],
  ])("of %d s is told in whole seconds: %d", async (stallSeconds, told) => {
    let command = "";
    server = await serverWithShell((shell, request) => {
      command = request;
      shell.exit(0);
    });
    const { signal } = new AbortController();
    const starting = Conversation.start(await connected(server, signal), { stallSeconds }, signal);
    await expect(starting).rejects.toMatchObject({ code: "device-lost" });
    expect(command).toContain(`\nKH_STALL='${told}'\n`);
  });
});

describe("facts", () => {
  it("are the two files", async () => {
    const facts = await (await started({ facts: "config=3\nnotes=2\n.\nabcde" })).facts();
    expect(facts).toEqual({ config: Buffer.from("abc"), notes: Buffer.from("de") });
  });

  it("may be unknown", async () => {
    const facts = await (await started({ facts: "config=none\nnotes=denied\n.\n" })).facts();
    expect(facts).toEqual({ config: undefined, notes: undefined });
  });

  it("are short", async () => {
    const talk = await started({ facts: "config=999999999999\nnotes=none\n.\n" });
    await expect(talk.facts()).rejects.toMatchObject({ code: "protocol-error" });
  });
});

describe("headers", () => {
  it("are reported", async () => {
    const answer =
      "uid=2000\nsu=yes\ndebuggable=1\narchive=/proc/kheaders.tar.xz\nreadable=no\nloaded=maybe\ndenied=/a\ndenied=/b\n.\n";
    expect(await (await started({ headers: answer })).headers()).toEqual({
      uid: 2000,
      su: true,
      debuggable: true,
      archive: "/proc/kheaders.tar.xz",
      readable: false,
      loaded: "unknown",
      module: undefined,
      denied: ["/a", "/b"],
    });
  });
});

it("takes a refusal of what is never refused for a broken protocol", async () => {
  const refuse: Answer = (shell) => {
    shell.complain("kheaders: refused\n");
    shell.print("error=load-failed\n.\n");
  };
  const talk = await started({ headers: refuse });
  await expect(talk.headers()).rejects.toMatchObject({
    code: "protocol-error",
    message: "the device refused: kheaders.ko could not be loaded",
  });
});

describe("modules", () => {
  const listed = (lines: string, said = "") => {
    const answer = (shell: FakeShell) => {
      shell.complain(`kheaders: run find\n${said}kheaders: status 0\n`);
      shell.print(`${lines}status=0\n.\n`);
    };
    return started({ modules: answer }).then((talk) => talk.modules());
  };

  it("are each file once, and files alone", async () => {
    const lines =
      "module=81a4 10 8:1 /system/lib/modules/a.ko\nmodule=81a4 10 8:1 /system_dlkm/lib/modules/a.ko\n" +
      "module=41ed 4096 8:2 /odm/lib/modules/b.ko\nmodule=8124 7 9:1 /odm/lib/modules/c d.ko\nloaded=a\nloaded=b_c\n";
    expect(await listed(lines)).toEqual({
      modules: [
        { path: "/system/lib/modules/a.ko", size: 10 },
        { path: "/odm/lib/modules/c d.ko", size: 7 },
      ],
      loaded: new Set(["a", "b_c"]),
      denied: [],
      isPartial: false,
      hasUnusableNames: false,
    });
  });

  it("may be partly closed, or have names that cannot be sent", async () => {
    const { isPartial } = await listed("", "find: /odm/lib/modules/6.1: Permission denied\n");
    expect(isPartial).toBe(true);
    expect(await listed("denied=/odm/lib/modules\n")).toMatchObject({
      denied: ["/odm/lib/modules"],
      isPartial: true,
    });
    expect((await listed("odd=yes\n")).hasUnusableNames).toBe(true);
    const { modules, hasUnusableNames } = await listed("module=81a4 1 8:1 /odm/lib/modules/\xff.ko\n");
    expect({ modules, hasUnusableNames }).toEqual({ modules: [], hasUnusableNames: true });
  });

  it.each(["module=no such thing", "module=81a4 1 8:1 relative.ko", "module=81a4 -1 8:1 /a.ko"])(
    "are nothing else: %s",
    async (line) => {
      await expect(listed(`${line}\n`)).rejects.toMatchObject({ code: "protocol-error" });
    },
  );

  it("are not more than any device has", async () => {
    const lines = Array.from({ length: 20_001 }, (_, inode) => `module=81a4 1 8:${inode} /a/${inode}.ko\n`);
    await expect(listed(lines.join(""))).rejects.toMatchObject({ code: "protocol-error" });
  });

  it("come one after the other, in commands that a device's cat can take", async () => {
    const asked: string[] = [];
    const folder = `/odm/lib/modules/${"x".repeat(200)}`;
    const modules = Array.from({ length: 150 }, (_, number) => ({
      path: `${folder}/${number}.ko`,
      size: number,
    }));
    server = await serverWithShell(async (shell, command) => {
      shell.print(`kheaders ${protocolVersion} ${/^KH_NONCE='(\w+)'$/m.exec(command)?.[1]}\n${hello}.\n`);
      for (let input = await shell.input(); input !== undefined; input = await shell.input()) {
        const [first = "", ...paths] = input.text.trimEnd().split("\n");
        asked.push(first);
        expect(Buffer.byteLength(input.text)).toBeLessThan(32 * 1024);
        const contents = paths.map((path) => "m".repeat(Number(/(\d+)\.ko$/.exec(path)?.[1])));
        shell.print(`files=${paths.length}\n.\n${contents.join("")}files=${paths.length}\n.\n`);
      }
    });
    const signal = new AbortController().signal;
    conversation = await Conversation.start(await connected(server, signal), { stallSeconds: 30 }, signal);
    const taken: [string, number][] = [];
    for await (const { module, content } of conversation.take(modules))
      taken.push([module.path, content.length]);
    expect(taken).toEqual(modules.map(({ path, size }) => [path, size]));
    expect(asked.length).toBe(3);
  });

  it("are refused where one may not be read", async () => {
    const refuse = (shell: FakeShell) => {
      shell.complain("kheaders: refused\n");
      shell.print("error=unreadable\npath=/a.ko\n.\n");
    };
    const talk = await started({ "take 1\n/a.ko": refuse });
    const taking = talk.take([{ path: "/a.ko", size: 1 }]).next();
    await expect(taking).rejects.toThrow(expect.objectContaining({ reason: "unreadable", path: "/a.ko" }));
  });

  it("that could not be read to their end are told by how the agent ends", async () => {
    const breakOff = (shell: FakeShell) => {
      shell.complain("cat: /a.ko: I/O error\n");
      shell.print("files=1\n.\n");
      shell.exit(4);
    };
    const talk = await started({ "take 1\n/a.ko": breakOff });
    await expect(talk.take([{ path: "/a.ko", size: 1 }]).next()).rejects.toMatchObject({
      code: "not-permitted",
      message: "a file could not be read to the end: cat: /a.ko: I/O error",
    });
  });
});

describe("a file", () => {
  const path = "/sys/kernel/btf/vmlinux";
  const ask = `take 1 sizes\n${path}`;

  it("comes in parts, with its size", async () => {
    const talk = await started({ [ask]: "files=1\nsize=5\n.\nbytesfiles=1\n.\n" });
    const parts: Uint8Array[] = [];
    await talk.readFile(path, 5, (part, total) => {
      expect(total).toBe(5);
      parts.push(part);
    });
    expect(Buffer.concat(parts).toString()).toBe("bytes");
  });

  it.each(["size=6\n", "", "size=-1\n", "size=99999999999999999\n"])(
    "is given up if it is too large or has no size: %j",
    async (size) => {
      const talk = await started({ [ask]: `files=1\n${size}.\nbytes` });
      await expect(talk.readFile(path, 5, () => expect.unreachable())).rejects.toMatchObject({
        code: "protocol-error",
        message: expect.stringContaining("at most 5 are accepted"),
      });
    },
  );
});

describe("send", () => {
  const plainly = { keepLoaded: false, withFacts: false, onWait: noWait };
  const header = "source=module\npath=/sys/kernel/kheaders.tar.xz\nsize=5\n";

  it("gives header, bytes and trailer", async () => {
    const talk = await started({
      "send 0": `${header}.\nbytesunloaded=yes\ntaint=OE\n.\n`,
    });
    const announced = await talk.send(plainly);
    expect(announced).toEqual({
      source: "module",
      path: "/sys/kernel/kheaders.tar.xz",
      size: 5,
      facts: undefined,
    });
    const parts: Uint8Array[] = [];
    for await (const part of talk.bytes(announced.size)) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe("bytes");
    expect(await talk.trailer()).toEqual({ unloaded: "yes", taint: "OE" });
  });

  it("gives the facts that come before the bytes", async () => {
    const talk = await started({ "send 0 facts": `config=3\nnotes=denied\n${header}.\nabcbytes` });
    const announced = await talk.send({ ...plainly, withFacts: true });
    expect(announced.facts).toEqual({ config: Buffer.from("abc"), notes: undefined });
    const parts: Uint8Array[] = [];
    for await (const part of talk.bytes(announced.size)) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe("bytes");
  });

  it("gives the facts that come with a refusal", async () => {
    const talk = await started({
      "send 0 facts": (shell) => {
        shell.print("error=needs-root\nconfig=3\nnotes=none\n.\nabc");
        shell.complain("kheaders: refused\n");
      },
    });
    await expect(talk.send({ ...plainly, withFacts: true })).rejects.toMatchObject({
      reason: "needs-root",
      facts: { config: Buffer.from("abc"), notes: undefined },
    });
  });

  it("says nothing meanwhile, for an adb server whose device is done would reset the connection", async () => {
    const heard: unknown[] = [];
    const talk = await started({
      "send 0": async (shell) => {
        shell.print(`${header}.\n`);
        void shell.packet().then((packet) => heard.push(packet));
        await aMoment();
        shell.print("bytesunloaded=yes\n.\n");
      },
    });
    const { size } = await talk.send(plainly);
    for await (const part of talk.bytes(size)) expect(part.length).toBeGreaterThan(0);
    await talk.trailer();
    expect(heard).toEqual([]);
  });

  it("may have nothing to unload", async () => {
    const talk = await started({ "send 1": `${header}.\nbytesunloaded=\ntaint=\n.\n` });
    const announced = await talk.send({ ...plainly, keepLoaded: true });
    for await (const part of talk.bytes(announced.size)) expect(part.length).toBeGreaterThan(0);
    expect(await talk.trailer()).toEqual({ unloaded: undefined, taint: undefined });
  });

  it.each([
    "size=5\npath=/a\n",
    "source=module\nsize=5\n",
    "source=file\npath=/a\nsize=5\n",
    "source=module\npath=/a\n",
  ])("says what comes: not %j", async (incomplete) => {
    const talk = await started({ "send 0": `${incomplete}.\n` });
    await expect(talk.send(plainly)).rejects.toMatchObject({ code: "protocol-error" });
  });

  it("tells when it waits for its turn", async () => {
    const talk = await started({ "send 0": `waiting=lock\nwaiting=no\n${header}.\n` });
    let waits = 0;
    const onWait = () => {
      waits += 1;
    };
    await talk.send({ ...plainly, onWait });
    expect(waits).toBe(1);
  });

  it("is busy when the time is up before its turn", async () => {
    const abort = new AbortController();
    const talk = await started({ "send 0": "waiting=lock\n" }, { signal: abort.signal });
    const timeUp = () => abort.abort(new KheadersError("timed-out", "gave up after 3 s"));
    await expect(talk.send({ ...plainly, onWait: timeUp })).rejects.toMatchObject({
      code: "device-busy",
      exitStatus: 6,
      message: expect.stringContaining("gave up after 3 s"),
    });
  });

  it("may be refused, with diagnostics that come late", async () => {
    const talk = await started({
      "send 0": async (shell) => {
        shell.print("error=load-failed\ndenied=/a\npath=/a/kheaders.ko\n.\n");
        await aMoment();
        shell.complain("kheaders: run insmod /a/kheaders.ko\n");
        await aMoment();
        shell.complain("no\nkheaders: status 1\nkheaders: refused\n");
      },
    });
    const refusal = await talk.send(plainly).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AgentRefusal);
    expect(refusal).toMatchObject({
      reason: "load-failed",
      path: "/a/kheaders.ko",
      denied: ["/a"],
      diagnostics: "kheaders: run insmod /a/kheaders.ko\nno\nkheaders: status 1\n",
    });
  });

  it("may be refused again as root, with the diagnostics of that alone", async () => {
    let asked = 0;
    const talk = await started({
      "send 0": async (shell) => {
        asked += 1;
        shell.print(asked === 1 ? "error=needs-root\n.\n" : "error=module-not-found\n.\n");
        await aMoment();
        shell.complain(asked === 1 ? "kheaders: refused\n" : "as root\nkheaders: refused\n");
      },
    });
    await expect(talk.send(plainly)).rejects.toMatchObject({ reason: "needs-root", diagnostics: "" });
    await expect(talk.send(plainly)).rejects.toMatchObject({
      reason: "module-not-found",
      diagnostics: "as root\n",
    });
  });

  it("may not be refused for a reason that nobody knows", async () => {
    const talk = await started({ "send 0": "error=\x1b[2Jbecause\n.\n" });
    await expect(talk.send(plainly)).rejects.toMatchObject({
      code: "protocol-error",
      message: expect.stringContaining('"\\x1b[2Jbecause"'),
    });
  });
});

describe("unload", () => {
  it.each([
    ["yes", "yes"],
    ["absent", "absent"],
    ["in-use", "in-use"],
    ["no", "no"],
    ["perhaps", "no"],
  ])("says %s", async (said, meant) => {
    const talk = await started({ unload: `unloaded=${said}\n.\n` });
    expect(await talk.unload(noWait)).toBe(meant);
  });
});

describe("the end", () => {
  it("is waited for, so that the device is restored", async () => {
    const talk = await started({ "": (shell) => shell.exit(0) });
    await expect(talk.end()).resolves.toBeUndefined();
  });
});

describe("root", () => {
  const rootHello: Answer = (shell, nonce) => shell.print(`root ${protocolVersion} ${nonce}\nuid=0\n.\n`);
  const suThat =
    (status: number, says: string): Answer =>
    async (shell) => {
      shell.print(`su=${status}\n.\n`);
      await aMoment();
      shell.complain(`kheaders: run su\n${says}\nkheaders: status ${status}\n`);
    };

  it("comes by way of su -c", async () => {
    const talk = await started({ "root command": rootHello });
    await becomeRoot(talk, "root is needed");
  });

  it("comes by way of AOSP's su, where that takes a user first", async () => {
    const talk = await started({
      "root command": suThat(1, "su: invalid uid/gid '-c'"),
      "root user": rootHello,
    });
    await becomeRoot(talk, "root is needed");
  });

  it("is refused in the words of the su that was asked last", async () => {
    const talk = await started({
      "root command": suThat(1, "su: invalid uid/gid '-c'"),
      "root user": suThat(1, "su: uid 2000 not allowed to su"),
    });
    await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({
      code: "root-refused",
      exitStatus: 5,
      message: "root is needed, and su refused: su: uid 2000 not allowed to su",
    });
  });

  it("is not asked of a root manager in AOSP's style: that would run our commands", async () => {
    const talk = await started({ "root command": suThat(13, "Permission denied"), "root user": noWait });
    await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({
      code: "root-refused",
      message: "root is needed, and su refused: Permission denied",
    });
  });

  it("cannot be had without a su", async () => {
    const talk = await started({ "root command": suThat(127, "sh: su: inaccessible or not found") });
    await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({
      code: "needs-root",
      exitStatus: 5,
      message: "root is needed, and the shell finds no su",
      hint: expect.stringMatching(/KernelSU or APatch.*com\.android\.shell.*--root/),
    });
  });

  it("is not waited for for ever", async () => {
    const talk = await started();
    await expect(becomeRoot(talk, "root is needed", 0.05)).rejects.toMatchObject({
      code: "root-timeout",
      exitStatus: 5,
      message: expect.stringMatching(/^root is needed, and su did not answer/),
      hint: expect.stringContaining("Unlock the device"),
    });
    await talk.end();
  });

  it.each(["granted to shell\n\n", "granted to shell ", "su=1 is what su says\n"])(
    "comes behind what su prints: %j",
    async (banner) => {
      const answer: Answer = (shell, nonce) => {
        shell.print(banner);
        return rootHello(shell, nonce);
      };
      await becomeRoot(await started({ "root command": answer }), "root is needed");
    },
  );

  it.each(["Permission denied\n", "Permission denied"])(
    "is refused by a su that says so on standard output: %j",
    async (words) => {
      const answer: Answer = async (shell, nonce) => {
        shell.print(words);
        await suThat(1, "")(shell, nonce);
      };
      const talk = await started({ "root command": answer });
      await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({
        code: "root-refused",
        message: "root is needed, and su refused: Permission denied",
      });
    },
  );

  it("comes by way of AOSP's su that complains on standard output", async () => {
    const complaining: Answer = async (shell, nonce) => {
      shell.print("su: invalid uid/gid '-c'\n");
      await suThat(1, "")(shell, nonce);
    };
    await becomeRoot(
      await started({ "root command": complaining, "root user": rootHello }),
      "root is needed",
    );
  });

  it("is not what another user id is", async () => {
    const answer: Answer = (shell, nonce) => shell.print(`root ${protocolVersion} ${nonce}\nuid=1000\n.\n`);
    const talk = await started({ "root command": answer });
    await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({
      code: "root-refused",
      message: "root is needed, and su refused: it gave user id 1000",
    });
  });

  it("is given up with a su that does not stop printing", async () => {
    const talk = await started({ "root command": "a word from your sponsor\n".repeat(4000) });
    await expect(becomeRoot(talk, "root is needed")).rejects.toMatchObject({ code: "protocol-error" });
  });
});
