import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { KheadersError, reasonOf } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressListener } from "../../shared/progress.js";
import { overFileLimit } from "../formats/errors.js";
import { importLimits } from "./limits.js";
import { isHtml } from "./texts.js";

/** How to download. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a SOURCE is an address, not a path. */
export function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * Downloads a file to `file`, as it comes. Throws `usage` for an address that is not `https://` (plain `http://` goes to
 * this machine alone), `download-failed`, `file-refused` if it is too large or a page of HTML, or the signal's reason.
 */
export async function download(address: string, file: string, options: DownloadOptions): Promise<void> {
  const { signal, onProgress } = options;
  onProgress({ type: "stage", stage: "downloading", detail: printable(address) });
  try {
    await save(await answerOf(address, signal), file, address, options);
  } catch (error) {
    signal.throwIfAborted();
    // What fetch throws for a network that fails, before the answer and in it: a TypeError with the error in its cause.
    if (!(error instanceof TypeError) || error.cause === undefined) throw error;
    throw failed(address, reasonOf(error.cause), error);
  }
}

/** The last part of an address's path: what the file is called there. */
export function nameOfAddress(address: string): string {
  const { pathname, hostname } = new URL(address);
  return path.posix.basename(pathname) || hostname;
}

async function answerOf(address: string, signal: AbortSignal): Promise<Response> {
  let next = checked(address);
  for (let count = 0; count <= importLimits.redirects; count += 1) {
    // A server that compresses the file once more would make its size unknown.
    const headers = { "accept-encoding": "identity", "user-agent": "kheaders" };
    const answer = await fetch(next, { redirect: "manual", headers, signal });
    const location = answer.headers.get("location");
    if (!redirects.has(answer.status) || location === null) {
      if (answer.ok) return answer;
      await answer.body?.cancel();
      throw failed(address, `the server says ${answer.status} ${printable(answer.statusText)}`.trim());
    }
    await answer.body?.cancel();
    const target = checked(new URL(location, next).href);
    if (next.protocol === "https:" && target.protocol !== "https:")
      throw failed(address, "it leads from https to plain http");
    next = target;
  }
  throw failed(address, `it leads on more than ${importLimits.redirects} times`);
}

function checked(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isPlain = url?.protocol === "http:" && loopback.has(url.hostname);
  if (url !== undefined && (url.protocol === "https:" || isPlain)) return url;
  throw new KheadersError("usage", `${printable(address, 400)} is not an https:// address`, {
    hint: "Plain http is only taken from this machine; download the file by other means, and import that.",
  });
}

async function save(
  answer: Response,
  file: string,
  address: string,
  options: DownloadOptions,
): Promise<void> {
  const { downloadBytes } = importLimits;
  const length = answer.headers.get("content-length");
  // Of what fetch decompresses, the length says nothing.
  const expected = length === null || answer.headers.has("content-encoding") ? undefined : Number(length);
  if (expected !== undefined && expected > downloadBytes) {
    await answer.body?.cancel();
    throw overFileLimit("its size", downloadBytes, "bytes");
  }
  const descriptor = openSync(file, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      if (bytes === 0 && isHtml(chunk)) throw webPage(address);
      bytes += chunk.length;
      if (bytes > downloadBytes) throw overFileLimit("its size", downloadBytes, "bytes");
      for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
      if (expected !== undefined) options.onProgress({ type: "progress", bytes, total: expected });
    }
  } finally {
    closeSync(descriptor);
  }
  if (expected !== undefined && bytes !== expected)
    throw failed(address, `the transfer broke off after ${bytes} of ${expected} bytes`);
}

function webPage(address: string): KheadersError {
  return new KheadersError("file-refused", `${printable(address, 400)} gives a web page, not the file`, {
    hint: "Check the address; on Android's CI, a build that is no longer kept gives such a page. Or save the file with a browser, and import that.",
  });
}

function failed(address: string, reason: string, cause?: unknown): KheadersError {
  return new KheadersError(
    "download-failed",
    `${printable(address, 400)} could not be downloaded: ${reason}`,
    {
      hint: "Try again, or download the file by other means, and import that.",
      cause,
    },
  );
}
