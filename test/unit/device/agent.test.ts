import { readFileSync } from "node:fs";
import { machine, release, version } from "node:os";
import { describe, expect, test, vi } from "vitest";
import { moduleListingOf } from "../../../host/agent/module-listing.js";
import { agentStatus, protocolVersion, verbs } from "../../../shared/protocol.js";
import { AgentSandbox, archivePath, loading, nonce, refusing } from "../../support/agent-sandbox.js";
import { type DeviceShell, findShell, shellNames } from "../../support/device-shells.js";
import { findProgram } from "../../support/programs.js";
import type { RunningAgent } from "../../support/running-agent.js";
import { skipBecause, skipWhen } from "../../support/skip.js";

/** More than pipes and sockets hold between two processes: a reader that stops makes the agent wait. */
const manyBytes = Buffer.alloc(1024 * 1024, "kernel headers\n");
const modulePath = "/vendor/lib/modules/kheaders.ko";
/** The release that the sandbox's kernel has. */
const running = "6.1.57-android14-11";
const shellUser = 2000;
// Bounds that matter only when a test fails: a busy machine makes all of them slow.
const waiting = { timeout: 120_000, interval: 100 };
vi.setConfig({ maxConcurrency: 16, testTimeout: 180_000 });

if (process.platform === "linux") {
  for (const name of shellNames) {
    const shell = findShell(name);
    if (typeof shell === "string") skipBecause(shell, `the agent under ${name}`);
    else describe.concurrent(`the agent under ${name}`, () => agentTests(shell));
  }
} else {
  skipBecause("the agent needs Linux's /proc", "the agent under the shells of devices");
}

function agentTests(shell: DeviceShell): void {
  const it = test.extend<{ device: AgentSandbox }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures a fixture uses.
    device: async ({}, use) => {
      const device = new AgentSandbox(shell);
      try {
        await use(device);
      } finally {
        device.dispose();
      }
    },
  });

  describe("hello", () => {
    it("tells protocol, nonce and kernel", async ({ device }) => {
      const agent = device.start();
      expect(await agent.line()).toBe(`kheaders ${protocolVersion} ${nonce}`);
      const hello = await agent.block();
      expect(hello.get("fingerprint")).toBe("value of ro.build.fingerprint");
      expect(hello.get("release")).toBe("6.1.57-android14-11");
      expect(hello.get("version")).toBe("#1 SMP PREEMPT Wed Oct 11 09:06:16 UTC 2023");
      expect(hello.get("machine")).toBe("aarch64");
      expect(hello.get("boot")).toBe("b7f6a0f4-9f9e-4b53-8a1f-4a9f3ec1a0ce");
      expect(hello.get("uid")).toBe("0");
    });

    it("asks uname where the sysctls are closed", async ({ device }) => {
      device.remove("/proc/sys/kernel/arch");
      const hello = await helloOf(device.start());
      expect(hello.get("release")).toBe(release());
      expect(hello.get("version")).toBe(version());
      expect(hello.get("machine")).toBe(machine());
    });

    it("leaves empty what the device does not tell", async ({ device }) => {
      device.remove("/proc/sys/kernel/random/boot_id");
      device.withoutProgram("getprop");
      const agent = device.start();
      const hello = await helloOf(agent);
      expect(hello.get("fingerprint")).toBeUndefined();
      expect(hello.get("boot")).toBeUndefined();
      expect(agent.diagnostics).toBe("");
    });

    it("ends with the host", async ({ device }) => {
      const agent = await started(device);
      agent.closeInput();
      expect(await agent.ended).toEqual({ status: 0, signal: null });
    });

    it("answers a command that it does not know, and goes on", async ({ device }) => {
      const agent = await started(device);
      expect((await ask(agent, "frobnicate now")).get("error")).toBe("unknown-command");
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });
  });

  describe("facts", () => {
    const config = Buffer.from([0x1f, 0x8b, 0, 0x0a, 0x2e, 0x0a, 0xff, 0x0d, 0x0a]);
    const notes = Buffer.from([4, 0, 0, 0, 20, 0, 0, 0, 0x0a]);

    it("are the files as they are, one after the other", async ({ device }) => {
      device.write("/proc/config.gz", config);
      device.write("/sys/kernel/notes", notes);
      const agent = await started(device);
      const facts = await ask(agent, verbs.facts);
      expect(facts.size("config")).toBe(config.length);
      expect(facts.size("notes")).toBe(notes.length);
      expect(await agent.bytes(config.length + notes.length)).toEqual(Buffer.concat([config, notes]));
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });

    it("are measured without stat as well", async ({ device, task, skip }) => {
      skipWhen(shell.prefersToolbox, "its toolbox has a stat", { task, skip });
      device.write("/proc/config.gz", config);
      device.withoutProgram("stat");
      expect((await ask(await started(device), verbs.facts)).size("config")).toBe(config.length);
    });

    it("tell what there is not from what may not be read", async ({ device }) => {
      device.write("/sys/kernel/notes", notes);
      device.mode("/sys/kernel/notes", 0);
      const agent = await started(device);
      const facts = await ask(agent, verbs.facts);
      expect(facts.get("config")).toBe("none");
      expect(facts.get("notes")).toBe("denied");
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });
  });

  describe("headers", () => {
    it("none", async ({ device }) => {
      const headers = await ask(await started(device), verbs.headers);
      expect(headers.get("uid")).toBe("0");
      expect(headers.get("loaded")).toBe("no");
      for (const absent of ["archive", "readable", "module", "denied"]) {
        expect(headers.get(absent)).toBeUndefined();
      }
    });

    it.for([archivePath, "/proc/kheaders.tar.xz"])("built in, at %s", async (path, { device }) => {
      device.write(path, "archive");
      const headers = await ask(await started(device), verbs.headers);
      expect(device.onDevice(headers.get("archive") ?? "")).toBe(path);
      expect(headers.get("readable")).toBe("yes");
      expect(headers.get("loaded")).toBe("no");
    });

    it("with what there is to become root", async ({ device, task, skip }) => {
      const headers = await ask(await started(device), verbs.headers);
      expect(headers.get("debuggable")).toBe("value of ro.debuggable");
      device.program("su", "exit 1");
      expect((await ask(await started(device), verbs.headers)).get("su")).toBe("yes");
      skipWhen(shell.prefersToolbox, "its toolbox has a su", { task, skip });
      expect(headers.get("su")).toBeUndefined();
    });

    it("loaded", async ({ device }) => {
      device.load();
      expect((await ask(await started(device), verbs.headers)).get("loaded")).toBe("yes");
    });

    it("is not taken in by a module with a similar name", async ({ device }) => {
      device.write("/proc/modules", "my_kheaders 1 0 - Live 0x0\nkheaders_old 1 0 - Live 0x0\n");
      expect((await ask(await started(device), verbs.headers)).get("loaded")).toBe("no");
    });

    it("unknown where /proc/modules is closed", async ({ device }) => {
      device.mode("/proc/modules", 0);
      expect((await ask(await started(device), verbs.headers)).get("loaded")).toBe("unknown");
    });

    it("listed, but neither to be looked at nor read", async ({ device }) => {
      device.write(archivePath, "archive");
      device.mode("/sys/kernel", 0o444);
      const headers = await ask(await started(device), verbs.headers);
      expect(device.onDevice(headers.get("archive") ?? "")).toBe(archivePath);
      expect(headers.get("readable")).toBe("no");
    });

    it("in a module of the running release before all others", async ({ device }) => {
      device.write("/system/lib/modules/5.10.0/kernel/kernel/kheaders.ko", "");
      device.write("/system/lib/modules/6.1.57-android14-11/kernel/kernel/kheaders.ko", "");
      const headers = await ask(await started(device), verbs.headers);
      expect(device.onDevice(headers.get("module") ?? "")).toBe(
        "/system/lib/modules/6.1.57-android14-11/kernel/kernel/kheaders.ko",
      );
      expect(device.calls).toEqual([]);
    });

    it("in the running release's module, though another lies in an earlier folder", async ({ device }) => {
      device.write("/system/lib/modules/kheaders.ko", "");
      device.write("/vendor/lib/modules/5.10.0/kernel/kernel/kheaders.ko", "");
      device.write(`/odm_dlkm/lib/modules/${running}/extra/kheaders.ko`, "");
      expect(await moduleIn(device)).toBe(`/odm_dlkm/lib/modules/${running}/extra/kheaders.ko`);
    });

    it.for(["kernel/kheaders.ko", "extra/kheaders.ko", "updates/kheaders.ko", "kheaders.ko"])(
      "in a module at %s below the running release",
      async (place, { device }) => {
        device.write(`/lib/modules/${running}/${place}`, "");
        device.withoutProgram("grep");
        expect(await moduleIn(device)).toBe(`/lib/modules/${running}/${place}`);
      },
    );

    it.for([
      ["updates/dkms/kheaders.ko", "updates/dkms/kheaders.ko:"],
      ["kernel/kernel/kheaders.ko.xz", "kernel/kernel/kheaders.ko.xz: kernel/lib/a.ko.xz"],
      ["extra/kheaders.ko.gz", "extra/my_kheaders.ko.gz:\nextra/kheaders.ko.gz:"],
      ["kheaders.ko.zst", "kernel/gone/kheaders.ko:\nkheaders.ko.zst:"],
    ] as const)("in a module that only modules.dep finds: %s", async ([place, list], { device }) => {
      device.write(`/lib/modules/${running}/${place}`, "");
      device.write(`/lib/modules/${running}/modules.dep`, `kernel/net/a.ko: kernel/kheaders.ko\n${list}\n`);
      device.write("/system/lib/modules/kheaders.ko", "another kernel's");
      expect(await moduleIn(device)).toBe(`/lib/modules/${running}/${place}`);
    });

    it("in a module that modules.dep names by its whole path", async ({ device }) => {
      const path = "/vendor/lib/modules/a/b/c/kheaders.ko";
      device.write(path, "");
      device.write("/vendor/lib/modules/modules.dep", `${device.path(path)}:\n`);
      expect(await moduleIn(device)).toBe(path);
    });

    it("not in a compressed module where modprobe does not look", async ({ device }) => {
      device.write(`/vendor/lib/modules/${running}/extra/kheaders.ko.xz`, "");
      device.write(`/vendor/lib/modules/${running}/modules.dep`, "extra/kheaders.ko.xz:\n");
      expect(await moduleIn(device)).toBe("");
    });

    it("perhaps in folders that may not be listed", async ({ device }) => {
      device.folder("/system_dlkm/lib/modules");
      device.mode("/system_dlkm/lib/modules", 0o311);
      device.folder("/vendor/lib/modules");
      const headers = await ask(await started(device), verbs.headers);
      expect(headers.all("denied").map((folder) => device.onDevice(folder))).toEqual([
        "/system_dlkm/lib/modules",
      ]);
    });
  });

  describe("take", () => {
    const btf = Buffer.from([0x9f, 0xeb, 1, 0, 10, 13, 255, 0]);

    it("tells sizes only when asked, and sends the files one after the other", async ({ device }) => {
      device.write("/sys/kernel/btf/vmlinux", btf);
      device.write("/lib/modules/a b.ko", "module\n");
      const paths = ["/sys/kernel/btf/vmlinux", "/lib/modules/a b.ko"].map((path) => device.path(path));
      const agent = await started(device);
      const block = await ask(agent, [verbs.take(2, true), ...paths].join("\n"));
      expect([block.all("size"), block.get("files")]).toEqual([["8", "7"], "2"]);
      expect(await agent.bytes(15)).toEqual(Buffer.concat([btf, Buffer.from("module\n")]));
      expect((await agent.block()).get("files")).toBe("2");
      expect((await ask(agent, [verbs.take(2), ...paths].join("\n"))).get("size")).toBeUndefined();
      await agent.bytes(15);
      await agent.block();
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });

    it("refuses what is not there or may not be read", async ({ device }) => {
      device.write("/sys/kernel/btf/vmlinux", btf);
      device.mode("/sys/kernel/btf/vmlinux", 0);
      const agent = await started(device);
      for (const name of ["vmlinux", "none"]) {
        const path = device.path(`/sys/kernel/btf/${name}`);
        const refusal = await ask(agent, `${verbs.take(1, true)}\n${path}`);
        expect([refusal.get("error"), refusal.get("path")]).toEqual(["unreadable", path]);
      }
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });
  });

  describe("send", () => {
    it("gives a built-in archive and leaves everything", async ({ device }) => {
      device.write(archivePath, manyBytes);
      const agent = await started(device);
      const { header, archive, trailer } = await transfer(agent);
      expect(header.get("source")).toBe("built-in");
      expect(device.onDevice(header.get("path") ?? "")).toBe(archivePath);
      expect(archive.equals(manyBytes)).toBe(true);
      expect(trailer.get("unloaded")).toBeUndefined();
      expect(await agent.ended).toEqual({ status: 0, signal: null });
      expect(device.calls).toEqual([]);
    });

    it("gives a built-in archive to an ordinary user who may read it", async ({ device }) => {
      device.setUser(shellUser);
      device.write(archivePath, "archive");
      expect((await transfer(await started(device))).archive.toString()).toBe("archive");
    });

    it("gives the facts before the archive where it is asked for both", async ({ device }) => {
      device.write("/proc/config.gz", "config");
      device.write(modulePath, "");
      const agent = await started(device);
      const header = await ask(agent, verbs.send(false, true));
      expect(header.get("config")).toBe("6");
      expect(header.get("notes")).toBe("none");
      const archive = "the archive in the module\n";
      expect(header.size("size")).toBe(archive.length);
      expect((await agent.bytes(6 + archive.length)).toString()).toBe(`config${archive}`);
      expect((await agent.block()).get("unloaded")).toBe("yes");
    });

    it("gives the facts with a refusal, and may be asked again", async ({ device }) => {
      device.setUser(shellUser);
      device.write("/proc/config.gz", "config");
      const agent = await started(device);
      const refusal = await ask(agent, verbs.send(false, true));
      expect(refusal.get("error")).toBe("needs-root");
      expect(refusal.get("config")).toBe("6");
      expect((await agent.bytes(6)).toString()).toBe("config");
      expect((await ask(agent, verbs.send(false))).get("config")).toBeUndefined();
    });

    it("gives the facts with its last refusal", async ({ device }) => {
      device.write("/proc/config.gz", "config");
      const agent = await started(device);
      const refusal = await ask(agent, verbs.send(false, true));
      expect(refusal.get("error")).toBe("module-not-found");
      expect((await agent.bytes(6)).toString()).toBe("config");
      expect(await agent.ended).toMatchObject({ status: 1 });
    });

    it("leaves a module that was there", async ({ device }) => {
      device.load();
      const { header, trailer } = await transfer(await started(device));
      expect(header.get("source")).toBe("loaded");
      expect(trailer.get("unloaded")).toBeUndefined();
      expect(device.isLoaded).toBe(true);
      expect(device.calls).toEqual([]);
    });

    it("loads the module by modprobe and takes it out", async ({ device }) => {
      device.program("modprobe", loading);
      const { header, archive, trailer } = await transfer(await started(device));
      expect(header.get("source")).toBe("module");
      expect(archive.toString()).toBe("the archive in the module\n");
      expect(trailer.get("unloaded")).toBe("yes");
      expect(device.isLoaded).toBe(false);
      expect(device.calls).toEqual(["modprobe kheaders", "rmmod kheaders"]);
    });

    it.for([
      "/system/lib/modules/kheaders.ko",
      "/system_dlkm/lib/modules/6.1.57-android14-11/kernel/kernel/kheaders.ko",
      "/vendor_dlkm/lib/modules/6.1.23-android14-4-g0123/kernel/kernel/kheaders.ko",
    ])("loads %s by insmod", async (path, { device }) => {
      device.write(path, "");
      const { header, trailer } = await transfer(await started(device));
      expect(header.get("source")).toBe("module");
      expect(trailer.get("unloaded")).toBe("yes");
      expect(device.calls).toEqual([`insmod ${path}`, "rmmod kheaders"]);
    });

    it("asks modprobe first where there is /lib/modules", async ({ device }) => {
      device.folder("/lib/modules");
      device.write(modulePath, "");
      await transfer(await started(device));
      expect(device.calls).toEqual(["modprobe kheaders", `insmod ${modulePath}`, "rmmod kheaders"]);
    });

    it("loads the running release's module, though another lies in an earlier folder", async ({ device }) => {
      const own = `/vendor_dlkm/lib/modules/${running}/kernel/kernel/kheaders.ko`;
      device.folder("/lib/modules");
      device.write("/system/lib/modules/kheaders.ko", "another kernel's");
      device.write(own, "");
      await transfer(await started(device));
      expect(device.calls).toEqual([`insmod ${own}`, "rmmod kheaders"]);
    });

    it("has modprobe load a compressed module that modules.dep names", async ({ device }) => {
      device.write(`/lib/modules/${running}/extra/kheaders.ko.xz`, "");
      device.write(`/lib/modules/${running}/modules.dep`, "extra/kheaders.ko.xz:\n");
      device.program("modprobe", loading);
      await transfer(await started(device));
      expect(device.calls).toEqual(["modprobe kheaders", "rmmod kheaders"]);
    });

    it("loads by insmod where there is no modprobe", async ({ device }) => {
      device.withoutProgram("modprobe");
      device.write(modulePath, "");
      expect((await transfer(await started(device))).header.get("source")).toBe("module");
      expect(device.isLoaded).toBe(false);
    });

    it("tries the next module where one does not load", async ({ device }) => {
      device.write("/system/lib/modules/kheaders.ko", "");
      device.write(modulePath, "");
      device.program("insmod", `case $1 in */system/*) exit 1 ;; esac\n${loading}`);
      const { header } = await transfer(await started(device));
      expect(header.get("source")).toBe("module");
      expect(device.calls).toContain(`insmod ${modulePath}`);
    });

    it("leaves the module in where it is told to", async ({ device }) => {
      device.write(modulePath, "");
      const { trailer } = await transfer(await started(device), verbs.send(true));
      expect(trailer.get("unloaded")).toBeUndefined();
      expect(device.isLoaded).toBe(true);
      expect(device.calls).not.toContain("rmmod kheaders");
    });

    it("says how the module tainted the kernel", async ({ device }) => {
      device.write(modulePath, "");
      device.write("/sys/module/kheaders/taint", "OE\n");
      expect((await transfer(await started(device))).trailer.get("taint")).toBe("OE");
    });

    it("does without stat, flock and nice", async ({ device, task, skip }) => {
      skipWhen(shell.prefersToolbox, "its toolbox has them", { task, skip });
      device.write(modulePath, "");
      for (const tool of ["stat", "flock", "nice"]) device.withoutProgram(tool);
      const { archive, trailer } = await transfer(await started(device));
      expect(archive.toString()).toBe("the archive in the module\n");
      expect(trailer.get("unloaded")).toBe("yes");
    });

    it("says when the module cannot be taken out", async ({ device }) => {
      device.write(modulePath, "");
      device.program("rmmod", refusing("rmmod: failed to unload kheaders: Try again", 1));
      const agent = await started(device);
      expect((await transfer(agent)).trailer.get("unloaded")).toBe("no");
      expect(await agent.diagnosed("Try again")).toContain("kheaders: run rmmod kheaders\n");
    });
  });

  describe("refuses", () => {
    it("to load a module without root, and goes on", async ({ device }) => {
      device.setUser(shellUser);
      device.write(modulePath, "");
      device.folder("/system_dlkm/lib/modules");
      device.mode("/system_dlkm/lib/modules", 0o311);
      const agent = await started(device);
      const refusal = await ask(agent, verbs.send(false));
      expect(refusal.get("error")).toBe("needs-root");
      expect(device.onDevice(refusal.get("path") ?? "")).toBe(modulePath);
      expect(refusal.all("denied")).toHaveLength(1);
      expect((await ask(agent, verbs.headers)).get("uid")).toBe(String(shellUser));
      expect(device.calls).toEqual([]);
    });

    it("an archive that this user may not read, and goes on", async ({ device }) => {
      device.setUser(shellUser);
      device.write(archivePath, "archive");
      device.mode("/sys/kernel", 0o444);
      const agent = await started(device);
      const refusal = await ask(agent, verbs.send(false));
      expect(refusal.get("error")).toBe("unreadable");
      expect(device.onDevice(refusal.get("path") ?? "")).toBe(archivePath);
      expect((await ask(agent, verbs.headers)).get("readable")).toBe("no");
    });

    it("where there is no module", async ({ device }) => {
      const agent = await started(device);
      expect((await ask(agent, verbs.send(false))).get("error")).toBe("module-not-found");
      expect(await agent.diagnosed("kheaders: refused\n")).toContain(
        "kheaders: run modprobe kheaders\nmodprobe: kheaders: not found\nkheaders: status 1\n",
      );
      expect(await agent.ended).toEqual({ status: agentStatus.refused, signal: null });
    });

    it("where no module loads, with what the tools and the kernel say", async ({ device }) => {
      device.write(modulePath, "");
      device.program("insmod", refusing("insmod: failed to load kheaders.ko: Exec format error", 1));
      device.program("dmesg", `echo "[ 9.1] kheaders: version magic differs"`);
      const agent = await started(device);
      const refusal = await ask(agent, verbs.send(false));
      expect(refusal.get("error")).toBe("load-failed");
      expect(device.onDevice(refusal.get("path") ?? "")).toBe(modulePath);
      const said = device.onDevice(await agent.diagnosed("kheaders: refused\n"));
      expect(said).toContain(
        `kheaders: run insmod ${modulePath}\ninsmod: failed to load kheaders.ko: Exec format error\n` +
          "kheaders: status 1\n",
      );
      expect(said).toContain(
        "kheaders: run dmesg\n[ 9.1] kheaders: version magic differs\nkheaders: status 0\n",
      );
      await agent.ended;
      expect(device.calls).not.toContain("rmmod kheaders");
    });

    it("where there is neither modprobe nor insmod", async ({ device }) => {
      device.write(modulePath, "");
      device.withoutProgram("modprobe");
      device.withoutProgram("insmod");
      const agent = await started(device);
      expect((await ask(agent, verbs.send(false))).get("error")).toBe("load-failed");
      const said = await agent.diagnosed("kheaders: refused\n");
      expect(said.match(/^kheaders: status 127$/gm)).toHaveLength(2);
    });

    it("to load what it could not tell to be loaded", async ({ device }) => {
      device.mode("/proc/modules", 0);
      device.write(modulePath, "");
      expect((await ask(await started(device), verbs.send(false))).get("error")).toBe("modules-unreadable");
      expect(device.calls).toEqual([]);
    });

    it("a module that is loaded and shows no archive, and leaves it", async ({ device }) => {
      device.load();
      device.remove(archivePath);
      const agent = await started(device);
      expect((await ask(agent, verbs.send(false))).get("error")).toBe("no-archive");
      await agent.ended;
      expect(device.calls).toEqual([]);
    });

    it("a module that shows no archive once it is loaded, and takes it out", async ({ device }) => {
      device.write(modulePath, "");
      device.program("insmod", `${loading}\n/bin/rm $root${archivePath}`);
      const agent = await started(device);
      expect((await ask(agent, verbs.send(false))).get("error")).toBe("no-archive");
      await agent.ended;
      expect(device.isLoaded).toBe(false);
    });

    it("an archive that went away while it waited for the lock", async ({ device, task, skip }) => {
      skipWhen(!device.hasProgram("flock"), "there is no flock", { task, skip });
      device.load();
      device.write(archivePath, manyBytes);
      const other = await transferring(device);
      device.setUser(shellUser);
      const agent = await started(device);
      agent.say(verbs.send(false));
      expect(await agent.line()).toBe("waiting=lock");
      device.remove(archivePath);
      other.agent.signal("SIGTERM");
      expect((await agent.block()).get("error")).toBe("gone");
    });
  });

  describe("restores the device", () => {
    const goodbyes = {
      "its input ends": (agent: RunningAgent) => agent.closeInput(),
      SIGHUP: (agent: RunningAgent) => agent.signal("SIGHUP"),
      SIGTERM: (agent: RunningAgent) => agent.signal("SIGTERM"),
    };

    for (const [what, sayGoodbye] of Object.entries(goodbyes)) {
      it(`when ${what} during the transfer`, async ({ device }) => {
        device.write("/module/archive", manyBytes);
        device.write(modulePath, "");
        const { agent } = await transferring(device);
        expect(device.isLoaded).toBe(true);
        sayGoodbye(agent);
        await hasRestored(device, agent);
        expect(device.calls.at(-1)).toBe("rmmod kheaders");
      });

      it(`when ${what} while the module is being loaded`, async ({ device }) => {
        device.write(modulePath, "");
        device.program("insmod", `echo loading >&2; trap '' HUP; exec /bin/sleep 600`);
        const agent = await started(device);
        agent.say(verbs.send(false));
        await agent.diagnosed("loading\n");
        sayGoodbye(agent);
        await hasRestored(device, agent);
      });
    }

    it("when its input ends just as the module was loaded", async ({ device }) => {
      device.write(modulePath, "");
      device.program("insmod", `${loading}\necho loading >&2; exec /bin/sleep 600`);
      const agent = await started(device);
      agent.say(verbs.send(false));
      await agent.diagnosed("loading\n");
      agent.closeInput();
      await hasRestored(device, agent);
      expect(device.calls.at(-1)).toBe("rmmod kheaders");
    });

    it("when its input ends right behind the command", async ({ device }) => {
      device.write(modulePath, "");
      device.write("/module/archive", manyBytes);
      const agent = await started(device);
      agent.say(verbs.send(true));
      agent.closeInput();
      await hasRestored(device, agent);
    });

    it("when its input ends while it waits for the lock", async ({ device, task, skip }) => {
      skipWhen(!device.hasProgram("flock"), "there is no flock", { task, skip });
      device.load();
      device.write(archivePath, manyBytes);
      const other = await transferring(device);
      const agent = await started(device);
      agent.say(verbs.send(false));
      expect(await agent.line()).toBe("waiting=lock");
      agent.closeInput();
      expect(await agent.ended).toEqual({ status: 143, signal: null });
      other.agent.closeInput();
      await other.agent.ended;
      await nothingRuns(device);
      expect(device.isLoaded).toBe(true);
    });

    it("although it was told to leave the module in, when the transfer fails", async ({ device }) => {
      device.write("/module/archive", manyBytes);
      device.write(modulePath, "");
      const { agent } = await transferring(device, verbs.send(true));
      agent.closeInput();
      await hasRestored(device, agent);
    });

    it("when the host hangs up and reads no more", async ({ device }) => {
      device.write("/module/archive", manyBytes);
      device.write(modulePath, "");
      const { agent } = await transferring(device);
      agent.hangUp();
      await hasRestored(device, agent);
    });

    it("when the transfer does not move", async ({ device }) => {
      device.write("/module/archive", manyBytes);
      device.write(modulePath, "");
      const { agent } = await transferring(device, verbs.send(false), 1);
      await hasRestored(device, agent);
      expect(await agent.ended).toEqual({ status: agentStatus.stalled, signal: null });
    });

    it("when the archive cannot be read to its end", async ({ device }) => {
      device.write(modulePath, "");
      device.program("insmod", `${loading}\n/bin/rm $root${archivePath}\n/bin/mkdir $root${archivePath}`);
      device.program("rmmod", `/bin/rmdir $root${archivePath}\n: >$root/proc/modules`);
      const agent = await started(device);
      expect((await ask(agent, verbs.send(false))).get("source")).toBe("module");
      expect((await agent.rest()).length).toBe(0);
      await hasRestored(device, agent);
      expect(await agent.ended).toEqual({ status: agentStatus.cut, signal: null });
    });

    it("when its input ends while it waits for another reader", async ({ device }) => {
      const pause = device.holdPauses();
      device.write("/module/archive", manyBytes);
      device.write(modulePath, "");
      const { agent } = await transferring(device);
      const reader = await device.reader();
      await agent.bytes(manyBytes.length);
      await pause.begun();
      agent.closeInput();
      reader.kill("SIGKILL");
      pause.goOn();
      await hasRestored(device, agent);
    });
  });

  describe("with others on the device", () => {
    it("leaves a module whose archive somebody reads", async ({ device }) => {
      device.write(modulePath, "");
      device.write("/module/archive", manyBytes);
      const { agent } = await transferring(device);
      const reader = await device.reader();
      await agent.bytes(manyBytes.length);
      expect((await agent.block()).get("unloaded")).toBe("in-use");
      reader.kill("SIGKILL");
      expect(await agent.ended).toEqual({ status: 0, signal: null });
      expect(device.isLoaded).toBe(true);
      expect(device.calls).not.toContain("rmmod kheaders");
    });

    it("waits a while for somebody who reads the archive", async ({ device }) => {
      const pause = device.holdPauses();
      device.write(modulePath, "");
      device.write("/module/archive", manyBytes);
      const { agent } = await transferring(device);
      const reader = await device.reader();
      await agent.bytes(manyBytes.length);
      await pause.begun();
      reader.kill("SIGKILL");
      pause.goOn();
      expect((await agent.block()).get("unloaded")).toBe("yes");
      expect(device.isLoaded).toBe(false);
    });

    it("takes its turn behind another agent", async ({ device, task, skip }) => {
      skipWhen(!device.hasProgram("flock"), "there is no flock", { task, skip });
      device.write(modulePath, "");
      device.write("/module/archive", manyBytes);
      const first = await transferring(device);
      const second = await started(device);
      second.say(verbs.send(false));
      expect(await second.line()).toBe("waiting=lock");
      await first.agent.bytes(manyBytes.length);
      expect((await first.agent.block()).get("unloaded")).toBe("yes");
      const header = await second.block();
      expect(header.get("source")).toBe("module");
      await second.bytes(manyBytes.length);
      expect((await second.block()).get("unloaded")).toBe("yes");
      const turn = [`insmod ${modulePath}`, "rmmod kheaders"];
      expect(device.calls).toEqual([...turn, ...turn]);
    });
  });

  describe("unload", () => {
    it("takes out a module that somebody left in", async ({ device }) => {
      device.load();
      const agent = await started(device);
      expect((await ask(agent, verbs.unload)).get("unloaded")).toBe("yes");
      expect(await agent.ended).toEqual({ status: 0, signal: null });
      expect(device.isLoaded).toBe(false);
    });

    it("says that there is none", async ({ device }) => {
      expect((await ask(await started(device), verbs.unload)).get("unloaded")).toBe("absent");
      expect(device.calls).toEqual([]);
    });
  });

  describe("modules", () => {
    const content = Buffer.concat([Buffer.from("\x7fELF .\n"), Buffer.alloc(70_000, 1)]);

    /** The modules that the agent lists: path and size. */
    async function listed(device: AgentSandbox, agent: RunningAgent) {
      const block = await ask(agent, verbs.modules);
      const said = await agent.diagnosed(`kheaders: status ${block.get("status")}\n`);
      const { modules, ...rest } = moduleListingOf(block, said);
      const sizes = modules.map(({ path, size }) => [device.onDevice(path), size]);
      return { modules, sizes: Object.fromEntries(sizes.sort()), ...rest };
    }

    it("are listed flat and in subfolders, with spaces in their names", async ({ device }) => {
      device.write("/vendor/lib/modules/a b.ko", content);
      device.write("/odm/lib/modules/6.1/kernel/net/c.ko", "c");
      device.write("/odm/lib/modules/6.1/kernel/net/d.ko.xz", "packed");
      device.write("/odm/lib/modules/modules.dep", "c.ko:");
      const { sizes, isPartial, hasUnusableNames } = await listed(device, await started(device));
      expect(sizes).toEqual({
        "/vendor/lib/modules/a b.ko": content.length,
        "/odm/lib/modules/6.1/kernel/net/c.ko": 1,
        "/odm/lib/modules/6.1/kernel/net/d.ko.xz": 6,
      });
      expect({ isPartial, hasUnusableNames }).toEqual({ isPartial: false, hasUnusableNames: false });
    });

    it("are listed with the names of those that are loaded", async ({ device }) => {
      device.write("/proc/modules", "a_b 16384 1 c, Live 0x0\nc 1 0 - Live 0x0 (OE)\n");
      const { loaded } = await listed(device, await started(device));
      expect([...loaded]).toEqual(["a_b", "c"]);
    });

    it("are none where there is no folder of them", async ({ device }) => {
      const agent = await started(device);
      expect((await listed(device, agent)).sizes).toEqual({});
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });

    it("are listed once, though links lead to them", async ({ device }) => {
      device.write("/system_dlkm/lib/modules/a.ko", content);
      device.folder("/system/lib");
      device.link("/system/lib/modules", "/system_dlkm/lib/modules");
      device.link("/system_dlkm/lib/modules/another.ko", "/system_dlkm/lib/modules/a.ko");
      device.link("/system_dlkm/lib/modules/round.ko", "/system_dlkm/lib/modules");
      device.link("/system_dlkm/lib/modules/dead.ko", "/nowhere");
      const { modules, isPartial } = await listed(device, await started(device));
      expect(modules.map(({ size }) => size)).toEqual([content.length]);
      expect(isPartial).toBe(false);
    });

    it("are left out where a name cannot be sent", async ({ device }) => {
      device.write("/vendor/lib/modules/a\nb.ko", content);
      device.write("/vendor/lib/modules/c.ko", "c");
      const { sizes, hasUnusableNames } = await listed(device, await started(device));
      expect(sizes).toEqual({ "/vendor/lib/modules/c.ko": 1 });
      expect(hasUnusableNames).toBe(true);
    });

    it("may not be listed in a folder, or below one", async ({ device }) => {
      device.setUser(shellUser);
      device.write("/vendor/lib/modules/a.ko", "a");
      device.write("/system_dlkm/lib/modules/b.ko", "b");
      device.mode("/system_dlkm/lib/modules", 0o300);
      const agent = await started(device);
      const closed = await listed(device, agent);
      expect(closed.sizes).toEqual({ "/vendor/lib/modules/a.ko": 1 });
      expect(closed.denied.map((folder) => device.onDevice(folder))).toEqual(["/system_dlkm/lib/modules"]);
      expect(closed.isPartial).toBe(true);
      device.mode("/system_dlkm/lib/modules", 0o755);
      device.folder("/system_dlkm/lib/modules/6.1");
      device.mode("/system_dlkm/lib/modules/6.1", 0o300);
      const closedBelow = await listed(device, agent);
      expect(closedBelow.denied).toEqual([]);
      expect(closedBelow.isPartial).toBe(true);
    });

    it("are sent raw, one after the other, as often as asked", async ({ device }) => {
      device.write("/vendor/lib/modules/ a  b .ko", content);
      device.write("/vendor/lib/modules/$(c) 'd'\\.ko", "c");
      const agent = await started(device);
      const { modules } = await listed(device, agent);
      for (const wanted of [modules, [...modules].reverse()]) {
        agent.say([verbs.take(wanted.length), ...wanted.map(({ path }) => path)].join("\n"));
        expect((await agent.block()).get("files")).toBe("2");
        for (const { size } of wanted)
          expect(await agent.bytes(size)).toEqual(size === 1 ? Buffer.from("c") : content);
        expect((await agent.block()).get("files")).toBe("2");
      }
    });

    it("are refused where one may not be read, and the agent goes on", async ({ device }) => {
      device.write("/vendor/lib/modules/a.ko", "a");
      device.write("/vendor/lib/modules/b.ko", "b");
      device.mode("/vendor/lib/modules/b.ko", 0);
      const agent = await started(device);
      const { modules } = await listed(device, agent);
      agent.say([verbs.take(2), ...modules.map(({ path }) => path)].join("\n"));
      const refusal = await agent.block();
      expect(refusal.get("error")).toBe("unreadable");
      expect(device.onDevice(refusal.get("path") ?? "")).toBe("/vendor/lib/modules/b.ko");
      expect((await ask(agent, verbs.headers)).get("uid")).toBe("0");
    });

    it("end the agent where one cannot be read to its end", async ({ device }) => {
      device.folder("/vendor/lib/modules/a.ko");
      const agent = await started(device);
      agent.say(`${verbs.take(1)}\n${device.path("/vendor/lib/modules/a.ko")}`);
      expect((await agent.block()).get("files")).toBe("1");
      await agent.rest();
      expect(await agent.ended).toEqual({ status: agentStatus.unread, signal: null });
    });

    it("end the agent where they do not move", async ({ device }) => {
      device.write("/vendor/lib/modules/a.ko", manyBytes);
      const agent = device.start({ stallSeconds: 1 });
      await helloOf(agent);
      agent.say(`${verbs.take(1)}\n${device.path("/vendor/lib/modules/a.ko")}`);
      await agent.block();
      expect(await agent.ended).toEqual({ status: agentStatus.stalled, signal: null });
      await nothingRuns(device);
    });

    it("leave nothing behind when the host hangs up", async ({ device }) => {
      device.write("/vendor/lib/modules/a.ko", manyBytes);
      const agent = await started(device);
      agent.say(`${verbs.take(1)}\n${device.path("/vendor/lib/modules/a.ko")}`);
      await agent.block();
      agent.hangUp();
      await agent.ended;
      await nothingRuns(device);
    });
  });

  describe("as root by way of su", () => {
    const asRoot = "printf 'Uid:\\t0\\t0\\t0\\t0\\n' >$root/proc/self/status";
    /** Magisk's: the root shell is a daemon's, in another session; what follows a user is run from standard input. */
    const magisk = `[ "$1" = -c ] || exec sh\n${asRoot}\n[ $# = 2 ] || exit 2\n${setsid()} sh -c "$2"`;
    /** AOSP's (system/extras/su): a user, then a command; `-c` is no user. */
    const aosp = `[ "$1" = 0 ] || { echo "su: invalid uid/gid '$1'" >&2; exit 1; }\n${asRoot}\nshift\nexec "$@"`;

    it.for([
      { style: "command", su: magisk },
      { style: "user", su: aosp },
    ] as const)("sends the archive, su in its style: $style", async ({ style, su }, { device }) => {
      device.setUser(shellUser);
      device.write(modulePath, "");
      device.program("su", su);
      const agent = await started(device);
      agent.say(verbs.root(style));
      expect(await agent.line()).toBe(`root ${protocolVersion} ${nonce}`);
      expect((await agent.block()).get("uid")).toBe("0");
      const { archive, trailer } = await transfer(agent);
      expect(archive.toString()).toBe("the archive in the module\n");
      expect(trailer.get("unloaded")).toBe("yes");
      agent.closeInput();
      await hasRestored(device, agent);
    });

    it.for([
      { style: "command", su: magisk },
      { style: "user", su: aosp },
    ] as const)(
      "restores when its input ends, su in its style: $style",
      async ({ style, su }, { device }) => {
        device.setUser(shellUser);
        device.write(modulePath, "");
        device.write("/module/archive", manyBytes);
        device.program("su", su);
        const agent = await started(device);
        agent.say(verbs.root(style));
        await agent.line();
        await agent.block();
        await ask(agent, verbs.send(false));
        agent.closeInput();
        await vi.waitFor(() => expect(device.calls.at(-1)).toBe("rmmod kheaders"), waiting);
        agent.hangUp();
        await hasRestored(device, agent);
      },
    );

    it("gives what a su says that refuses, and goes on", async ({ device }) => {
      device.setUser(shellUser);
      device.program("su", aosp);
      const agent = await started(device);
      agent.say(verbs.root("command"));
      expect((await agent.block()).get("su")).toBe("1");
      expect(await agent.diagnosed("kheaders: status 1\n")).toContain(
        "kheaders: run su\nsu: invalid uid/gid '-c'\n",
      );
      expect((await ask(agent, verbs.headers)).get("uid")).toBe(String(shellUser));
    });

    it("says that there is no su, and goes on", async ({ device }) => {
      device.setUser(shellUser);
      const agent = await started(device);
      agent.say(verbs.root("command"));
      expect((await agent.block()).get("su")).toBe("127");
      expect((await ask(agent, verbs.headers)).get("uid")).toBe(String(shellUser));
    });

    it("leaves no su behind that waits for a tap on the screen", async ({ device }) => {
      device.setUser(shellUser);
      device.program("su", "echo asking >&2; exec /bin/sleep 600");
      const agent = await started(device);
      agent.say(verbs.root("command"));
      await agent.diagnosed("asking\n");
      agent.signal("SIGHUP");
      expect(await agent.ended).toEqual({ status: 129, signal: null });
      await nothingRuns(device);
    });
  });

  const strace = findProgram("strace");
  if (strace === undefined) {
    skipBecause("strace is not installed", `what the agent writes and starts under ${shell.name}`);
    return;
  }

  it("starts no more programs for a miss than it must", async ({ device }) => {
    device.write(modulePath, "");
    device.write("/proc/config.gz", "config");
    device.write("/sys/kernel/notes", "notes");
    device.write("/trace", "");
    const trace = device.path("/trace");
    const agent = device.start({ before: [strace, "-f", "-qq", "-e", "trace=execve", "-o", trace] });
    await helloOf(agent);
    const header = await ask(agent, verbs.send(false, true));
    await agent.bytes("confignotes".length + (header.size("size") ?? Number.NaN));
    expect((await agent.block()).get("unloaded")).toBe("yes");
    await agent.ended;
    const started = readFileSync(trace, "utf8")
      .split("\n")
      .map(
        (call) =>
          new RegExp(`execve\\("${device.path("/bin")}/(\\w+)".*(= 0|<unfinished ...>)$`).exec(call)?.[1],
      )
      // How often it sleeps depends on how long the transfer takes.
      .filter((program) => program !== undefined && program !== "sleep");
    // Only mksh reads a file with no process.
    const first = shell.name === "mksh" ? ["getprop", "flock"] : ["getprop", "flock", "cat"];
    expect(started).toEqual([...first, "insmod", "stat", "cat", "ls", "rmmod"]);
  });

  it("writes nothing to the device", async ({ device }) => {
    device.write(modulePath, "");
    device.write("/proc/config.gz", "config");
    device.write("/trace", "");
    const trace = device.path("/trace");
    const agent = device.start({ before: [strace, "-f", "-qq", "-e", "trace=%file", "-o", trace] });
    await helloOf(agent);
    const facts = await ask(agent, verbs.facts);
    await agent.bytes(facts.size("config") ?? 0);
    await ask(agent, verbs.headers);
    await ask(agent, verbs.modules);
    agent.say(`${verbs.take(1)}\n${device.path(modulePath)}`);
    await agent.block();
    await agent.block();
    await transfer(agent);
    await agent.ended;
    const calls = readFileSync(trace, "utf8").split("\n");
    const written = calls.filter(isWriting).map((call) => device.onDevice(call));
    // What the sandbox's own insmod and rmmod do in place of the kernel; it shows that nothing escapes the trace.
    const kernels = /"(\/calls|\/proc\/modules|\/sys\/kernel\/kheaders\.tar\.xz)"/;
    expect(written.filter((call) => kernels.test(call)).length).toBeGreaterThan(3);
    expect(written.filter((call) => !/"\/dev\/(null|tty)"/.test(call) && !kernels.test(call))).toEqual([]);
  });
}

function setsid(): string {
  return `exec ${findProgram("setsid") ?? ""}`;
}

/** Whether a line of strace is a call that makes, changes or removes a file, or opens one for writing. */
function isWriting(call: string): boolean {
  const name = /^\d+ +(\w+)\(/.exec(call)?.[1] ?? "";
  if (/^open/.test(name)) return /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE/.test(call);
  return /^(creat|mk|rename|link|symlink|unlink|rmdir|truncate|ch(mod|own)|fchmod|fchown|lchown|utime|futime|set)/.test(
    name,
  );
}

async function started(device: AgentSandbox): Promise<RunningAgent> {
  const agent = device.start();
  await helloOf(agent);
  return agent;
}

/** Where the agent sees kheaders.ko, without loading anything; empty where it sees none. */
async function moduleIn(device: AgentSandbox): Promise<string> {
  const headers = await ask(await started(device), verbs.headers);
  expect(device.calls).toEqual([]);
  return device.onDevice(headers.get("module") ?? "");
}

async function helloOf(agent: RunningAgent) {
  await agent.line();
  return agent.block();
}

async function ask(agent: RunningAgent, command: string) {
  agent.say(command);
  return agent.block();
}

async function transfer(agent: RunningAgent, command = verbs.send(false)) {
  const header = await ask(agent, command);
  const archive = await agent.bytes(header.size("size") ?? Number.NaN);
  return { header, archive, trailer: await agent.block() };
}

/** An agent in the middle of a transfer that nobody reads. */
async function transferring(device: AgentSandbox, command = verbs.send(false), stallSeconds = 600) {
  const agent = device.start({ stallSeconds });
  await helloOf(agent);
  const header = await ask(agent, command);
  expect(header.get("error")).toBeUndefined();
  return { agent, header };
}

async function nothingRuns(device: AgentSandbox): Promise<void> {
  await vi.waitFor(() => expect(device.processes).toEqual([]), waiting);
}

/** Nothing of the agent is left, neither its module nor a process. */
async function hasRestored(device: AgentSandbox, agent: RunningAgent): Promise<void> {
  await agent.ended;
  await nothingRuns(device);
  expect(device.isLoaded).toBe(false);
}
