import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { temporaryCache } from "../../support/cache-fixture.js";
import { digestOf, importFrom, kernelArchive } from "../../support/import-files.js";

const archive = kernelArchive();

/** A server of the test's own. @returns the beginning of its addresses. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a file is taken from its address, with its progress", async () => {
  const address = await serve((_, answer) => {
    answer.writeHead(200, { "content-length": archive.length }).end(archive);
  });
  const { digest, origin, found, events } = await importFrom([`${address}/raw/kheaders.tar.xz?x=1`]);
  expect(digest).toBe(digestOf(archive));
  expect(origin).toBe(`${address}/raw/kheaders.tar.xz?x=1`);
  expect(found[0]?.from).toBe("kheaders.tar.xz");
  expect(events).toContainEqual({ type: "progress", bytes: archive.length, total: archive.length });
});

test("redirects are followed", async () => {
  const address = await serve((request, answer) => {
    if (request.url === "/file") answer.end(archive);
    else answer.writeHead(302, { location: "/file" }).end();
  });
  expect((await importFrom([`${address}/latest`])).digest).toBe(digestOf(archive));
});

const page = "<!DOCTYPE html>\n<html><body>This build is gone.</body></html>\n";

test.each<[what: string, listener: RequestListener, code: string, message: string]>([
  [
    "a page of HTML in the place of the file",
    (request, answer) => {
      if (request.url === "/page") answer.writeHead(200, { "content-type": "text/html" }).end(page);
      else answer.writeHead(302, { location: "/page" }).end();
    },
    "file-refused",
    "gives a web page, not the file",
  ],
  [
    "a transfer that breaks off",
    (_, answer) => {
      answer.writeHead(200, { "content-length": archive.length });
      answer.write(archive.subarray(0, 100), () => answer.destroy());
    },
    "download-failed",
    "could not be downloaded: ",
  ],
  [
    "a missing file",
    (_, answer) => void answer.writeHead(404).end(),
    "download-failed",
    "the server says 404",
  ],
  [
    "a circle of redirects",
    (_, answer) => void answer.writeHead(301, { location: "/again" }).end(),
    "download-failed",
    "it leads on more than 5 times",
  ],
  [
    "a redirect to plain http elsewhere",
    (_, answer) => void answer.writeHead(301, { location: "http://example.com/file" }).end(),
    "usage",
    "http://example.com/file is not an https:// address",
  ],
  [
    "a file that is too large",
    (_, answer) => void answer.writeHead(200, { "content-length": 5 * 1024 ** 3 }).write("x"),
    "file-refused",
    "its size is over the limit",
  ],
])("%s is told", async (_what, listener, code, message) => {
  const address = await serve(listener);
  await expect(importFrom([`${address}/kheaders.tar.xz`])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test("plain http goes to this machine alone", async () => {
  await expect(importFrom(["http://example.com/kheaders.tar.xz"])).rejects.toMatchObject({ code: "usage" });
});

test("a server that is silent is waited for until the signal aborts", async () => {
  const control = new AbortController();
  const reason = new Error("enough");
  const address = await serve(() => control.abort(reason));
  const cache = temporaryCache();
  await expect(importFrom([`${address}/x`], { cache, signal: control.signal })).rejects.toBe(reason);
});
