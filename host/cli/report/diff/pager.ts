import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { printable } from "../../../../shared/printable.js";
import { statusOf } from "../../../process/child.js";

/** The longest part of a line, between tabs, that is shown on a terminal. */
const maxPart = 4096;

/**
 * Shows much text as git does. On a terminal it goes to `PAGER`, else to less, which ends by itself if the text fits the screen;
 * with an empty `PAGER` or `cat` to the terminal. There it has no control characters; elsewhere it goes out as it is.
 *
 * @param show Gets what writes a chunk, which is waited for. What a pager that has ended does not read is dropped.
 */
export async function withPager<T>(
  show: (write: (chunk: Buffer) => Promise<void>) => Promise<T>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  const { stdout } = process;
  if (!stdout.isTTY) return show(writerTo(stdout));
  const program = environment.PAGER ?? "less";
  if (program === "" || program === "cat") return showLines(show, writerTo(stdout));
  const env = { LESS: "FX", ...environment };
  const child = spawn("sh", ["-c", program], { stdio: ["pipe", "inherit", "inherit"], env });
  const ended = statusOf(child, "exit");
  await once(child, "spawn");
  // Ctrl-C is the pager's: what it means there, its user knows.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  try {
    return await showLines(show, writerTo(child.stdin));
  } finally {
    child.stdin.end();
    await ended;
    process.off("SIGINT", ignore);
  }
}

/** Writes to a stream, and waits while it is full. */
function writerTo(stream: Writable): (chunk: Buffer | string) => Promise<void> {
  let isGone = false;
  let goOn: () => void = () => undefined;
  stream.on("drain", () => goOn());
  // A reader that goes away is not an error.
  for (const event of ["error", "close"])
    stream.on(event, () => {
      isGone = true;
      goOn();
    });
  return async (chunk) => {
    if (isGone || stream.write(chunk)) return;
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  };
}

/** Makes whole lines of chunks, and escapes what does not belong on a terminal. */
async function showLines<T>(
  show: (write: (chunk: Buffer) => Promise<void>) => Promise<T>,
  write: (text: string) => Promise<void>,
): Promise<T> {
  let rest = "";
  const decoder = new TextDecoder();
  const result = await show(async (chunk) => {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    await write(lines.map((line) => `${escaped(line)}\n`).join(""));
  });
  if (rest !== "") await write(`${escaped(rest)}\n`);
  return result;
}

function escaped(line: string): string {
  return line
    .split("\t")
    .map((part) => printable(part, maxPart))
    .join("\t");
}
