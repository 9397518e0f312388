import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTree, labModules, lightModule, type VirtualDevice } from "../lab/index.js";
import { kernelPackages } from "../lab/packages.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { isThorough } from "../support/thorough.js";
import { Workstation } from "../support/workstation.js";

let host: Workstation;
/** Files of the virtual device's kernel, which the command may read. */
let kernel: { readonly module: string; readonly image: string; readonly other: string };

beforeAll(async () => {
  host = await Workstation.open();
  const folder = host.folder("files");
  const { kheaders, archive } = await lightModule();
  const { root, release } = await kernelPackages("x86_64");
  const module = join(folder, "kheaders.ko");
  const image = join(folder, "vmlinuz");
  copyFileSync(kheaders, module);
  copyFileSync(join(root, "boot", `vmlinuz-${release}`), image);
  for (const file of [module, image]) chmodSync(file, 0o644);
  kernel = { module, image, other: otherBuild(archive, folder) };
});
afterAll(() => host.close());

/** An archive of a kernel with the same release, which was configured otherwise. */
function otherBuild(archive: string, folder: string): string {
  const tree = join(folder, "other");
  mkdirSync(tree);
  execFileSync("tar", ["-xJf", archive, "-C", tree]);
  const autoconf = join(tree, "include/generated/autoconf.h");
  writeFileSync(autoconf, readFileSync(autoconf, "utf8").replace(/^#define CONFIG_BPF 1$/m, ""));
  const target = join(folder, "other.tar.xz");
  execFileSync("tar", ["-cJf", target, "-C", tree, "include"]);
  return target;
}

function jsonOf({ stdout }: Outcome) {
  return JSON.parse(stdout);
}

describe("a device that nobody may root", emulated, () => {
  let device: VirtualDevice;

  beforeAll(async () => {
    device = await host.boot({ flavour: "light", user: "shell", restricted: true, su: "magisk" });
  });

  /** As somebody without root, with a cache of the test's own. */
  const unrooted = (cache: string, command: string, ...args: string[]) => {
    const dir = join(host.root, "home", cache);
    return host.kheaders([command, "-s", device.serial, "--cache-dir", dir, "--no-su", ...args]);
  };
  const importInto = (cache: string, ...args: string[]) =>
    host.kheaders(["import", "--cache-dir", join(host.root, "home", cache), "--json", ...args]);

  it("is served by the files of its kernel, with the tree that root pulls", async () => {
    expect((await unrooted("own", "pull")).status).toBe(5);
    const imported = await importInto("own", kernel.module, kernel.image);
    expect(imported.status, imported.stderr).toBe(0);
    expect(jsonOf(imported)).toMatchObject({
      serial: null,
      fingerprint: null,
      version: expect.stringContaining("SMP"),
      source: "file",
      origin: "kheaders.ko, vmlinuz",
      serves: null,
    });
    const pulled = await unrooted("own", "pull", "--json");
    expect(pulled.status, pulled.stderr).toBe(0);
    expect(jsonOf(pulled)).toMatchObject({ cache: "hit", proof: "version-and-config", source: "file" });
    const asRoot = await host.kheaders(["-s", device.serial, "pull"]);
    expect(asRoot.status, asRoot.stderr).toBe(0);
    execFileSync("diff", ["-r", jsonOf(pulled).tree, asRoot.stdout.trim()]);
    const listed = await host.kheaders(["cache", "ls", "--cache-dir", join(host.root, "home", "own")]);
    expect(listed.stdout).toContain("kheaders.ko, vmlinuz");
  });

  it("is not served by another kernel's files of the same release, and the pull says why", async () => {
    const imported = await importInto("other", kernel.other, kernel.image);
    expect(imported.status, imported.stderr).toBe(0);
    const pulled = await unrooted("other", "pull");
    expect(pulled.status).toBe(5);
    expect(pulled.stderr).toContain("are of another kernel: their configuration differs in CONFIG_BPF\n");
  });

  it("says what is missing where files do not say their version", async () => {
    expect((await importInto("unsure", kernel.module)).status).toBe(0);
    const pulled = await unrooted("unsure", "pull");
    expect(pulled.status).toBe(5);
    expect(pulled.stderr).toContain("their version (uname -v) is not known; import the kernel's boot image");
  });

  it("is told at once whether files serve it", async () => {
    const own = await unrooted("asked", "import", "--json", kernel.module, kernel.image);
    expect(own.status, own.stderr).toBe(0);
    expect(jsonOf(own)).toMatchObject({
      serial: device.serial,
      fingerprint: expect.stringMatching(/./),
      serves: true,
      proof: "version-and-config",
    });
    const other = await unrooted("asked-other", "import", "--json", kernel.other, kernel.image);
    expect(other.status).toBe(1);
    expect(jsonOf(other)).toMatchObject({
      serves: false,
      reason: expect.stringContaining("differs in CONFIG_BPF"),
    });
    expect(other.stderr).toContain(`these headers do not serve ${device.serial}: `);
  });
});

if (findProgram("clang") === undefined) {
  skipBecause("there is no clang", "imported linux-headers compile");
} else {
  it("Debian's linux-headers compile as well as the kernel's own archive", { timeout: 600_000 }, async () => {
    const { headers } = await kernelPackages("x86_64");
    const imported = await importedTree("compiled", readable(headers.arch), readable(headers.common));
    expect(await checked("compiled", imported.digest)).toBe(await checkedOwn("compiled"));
  });
}

const buildTreeTest = "a build tree with O= gives what the kernel's own script packs, and compiles as well";
if (!isThorough) skipBecause("left to ./scripts/test --all", buildTreeTest);
else
  it(buildTreeTest, { timeout: 1_800_000 }, async () => {
    const { source, build, archive } = await buildTree();
    const [sourceCopy, buildCopy] = [readable(source), readable(build)];
    writeFileSync(join(buildCopy, "Makefile"), `include ${sourceCopy}/Makefile\n`);
    const imported = await importedTree("built", buildCopy);
    const packed = host.folder("packed");
    execFileSync("tar", ["-xJf", archive, "-C", packed]);
    execFileSync("diff", ["-r", packed, imported.tree]);
    const { digest } = await importedTree("built-again", buildCopy);
    expect(digest).toBe(imported.digest);
    expect(await checked("built", digest)).toBe(await checkedOwn("built"));
  });

/** Imports into a cache of its own. */
async function importedTree(cache: string, ...sources: string[]): Promise<{ tree: string; digest: string }> {
  const imported = await host.kheaders(["import", "--json", ...cacheOption(cache), ...sources]);
  expect(imported.status, imported.stderr).toBe(0);
  return jsonOf(imported);
}

/** What `kheaders check` prints of cached headers. */
async function checked(cache: string, digest: string): Promise<string> {
  return (await host.kheaders(["check", "--json", ...cacheOption(cache), digest])).stdout;
}

/** The same of the headers that the device's kernel has itself. */
async function checkedOwn(cache: string): Promise<string> {
  const { archive } = await labModules();
  const own = join(host.root, "files", "kheaders.tar.xz");
  copyFileSync(archive, own);
  chmodSync(own, 0o644);
  return checked(cache, (await importedTree(cache, own)).digest);
}

function cacheOption(cache: string): string[] {
  return ["--cache-dir", join(host.root, "home", cache)];
}

/** A copy of a folder that the command's user may read. */
function readable(folder: string): string {
  const copy = join(host.root, "files", folder.split("/").at(-1) ?? "");
  execFileSync("cp", ["-r", "--no-dereference", folder, copy]);
  execFileSync("chmod", ["-R", "a+rX", copy]);
  return copy;
}

describe("a server with the files of a build", () => {
  let server: Server;
  let address: string;
  let certificate: string;

  beforeAll(async () => {
    const folder = host.folder("server");
    const key = join(folder, "key.pem");
    certificate = join(folder, "certificate.pem");
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        ...subject,
        "-keyout",
        key,
        "-out",
        certificate,
      ],
      { stdio: "pipe" },
    );
    chmodSync(certificate, 0o644);
    const module = readFileSync(kernel.module);
    server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, answer) => {
      const name = request.url?.split("/").at(-1);
      if (name === "kheaders.ko") answer.writeHead(200, { "content-length": module.length }).end(module);
      else if (name === "gki-info.txt")
        answer.end("kernel_release=6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k\n");
      else if (name === "gone") answer.writeHead(302, { location: "/page.html" }).end();
      else if (name === "page.html")
        answer.setHeader("content-type", "text/html").end("<!DOCTYPE html><html></html>");
      else if (name === "http") answer.writeHead(302, { location: "http://localhost:1/kheaders.ko" }).end();
      else {
        answer.writeHead(200, { "content-length": module.length });
        answer.write(module.subarray(0, 100_000), () => answer.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    address = `https://localhost:${port}/builds/submitted/1/kernel/latest/raw`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const importFrom = (...names: string[]) =>
    host.kheaders(["import", "--json", ...names.map((name) => `${address}/${name}`)], {
      env: { NODE_EXTRA_CA_CERTS: certificate },
    });

  it("gives the file", async () => {
    const imported = await importFrom("kheaders.ko");
    expect(imported.status, imported.stderr).toBe(0);
    expect(jsonOf(imported)).toMatchObject({ origin: `${address}/kheaders.ko`, source: "file" });
    expect(imported.stderr).toContain("Downloading (");
  });

  it.each([
    ["a redirect to a page", ["gone"], 7, "gives a web page, not the file"],
    ["a transfer that breaks off", ["broken"], 6, "could not be downloaded: "],
    ["a redirect from https to http", ["http"], 6, "it leads from https to plain http"],
    [
      "a build of another release",
      ["gki-info.txt", "kheaders.ko"],
      7,
      "and 6.6.118-android15-8-g1831c2a45d9b-ab15739706-4k in gki-info.txt",
    ],
  ])("or says what is wrong: %s", async (_name, names, status, message) => {
    const failed = await importFrom(...names);
    expect(failed.status, failed.stderr).toBe(status);
    expect(jsonOf(failed).error.message).toContain(message);
  });

  it("is not believed without a certificate that is trusted", async () => {
    const failed = await host.kheaders(["import", `${address}/kheaders.ko`]);
    expect(failed.status).toBe(6);
    expect(failed.stderr).toContain("could not be downloaded: ");
  });
});
