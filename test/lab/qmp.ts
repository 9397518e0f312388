import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";

/**
 * Runs one command of QEMU's human monitor over its QMP socket and gives what it prints
 * (docs/interop/qmp-spec in QEMU's source).
 *
 * @throws Error when QEMU is gone or refuses the command.
 */
export async function humanMonitor(socketPath: string, command: string): Promise<string> {
  const socket = connect(socketPath);
  try {
    await once(socket, "connect");
    const lines = createInterface({ input: socket });
    const answers = answersOf(lines);
    await answers.next();
    await ask(socket, answers, { execute: "qmp_capabilities" });
    const execute = "human-monitor-command";
    const printed = await ask(socket, answers, { execute, arguments: { "command-line": command } });
    return typeof printed === "string" ? printed.replaceAll("\r\n", "\n") : "";
  } finally {
    socket.destroy();
  }
}

type Answers = AsyncGenerator<object, void>;

/** What QEMU says, without the events in between. */
async function* answersOf(lines: Interface): Answers {
  for await (const line of lines) {
    const message: unknown = JSON.parse(line);
    if (typeof message === "object" && message !== null && !("event" in message)) yield message;
  }
}

async function ask(socket: Socket, answers: Answers, request: object): Promise<unknown> {
  socket.write(`${JSON.stringify(request)}\n`);
  const { value } = await answers.next();
  if (!value) throw new Error("QEMU ended while it was asked");
  if ("error" in value) throw new Error(`QEMU refuses: ${JSON.stringify(value.error)}`);
  return "return" in value ? value.return : undefined;
}
