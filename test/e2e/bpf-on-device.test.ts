import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { run } from "../lab/command.js";
import type { Architecture, VirtualDevice } from "../lab/index.js";
import { BpftoolTypes, plainMembers, type ShownStruct } from "../support/bpftool-types.js";
import { emulated } from "../support/emulated.js";
import { labArchitectures } from "../support/lab-architectures.js";
import { findProgram } from "../support/programs.js";
import { skipBecause } from "../support/skip.js";
import { Workstation } from "../support/workstation.js";

const programs = fileURLToPath(new URL("programs", import.meta.url));
const sources = readdirSync(programs).filter((name) => name.endsWith(".c"));
const what = "programs run in the kernel that their headers are of";
const architectures = labArchitectures(what);

/** Where programs and maps of a test are pinned (Documentation/filesystems/bpf.rst). */
const pins = "/sys/fs/bpf/test";

/** Structs that tracers read, each of a kind of its own: bit fields, anonymous members, unions, arrays. */
const structs = [
  ...[
    "task_struct",
    "sk_buff",
    "sock",
    "dentry",
    "inode",
    "mm_struct",
    "file",
    "cred",
    "page",
    "vm_area_struct",
  ],
  ...[
    "net_device",
    "bpf_prog",
    "super_block",
    "path",
    "signal_struct",
    "pid",
    "rq",
    "request_queue",
    "tcp_sock",
  ],
  ...["perf_event", "module"],
];

let host: Workstation;
const devices = new Map<Architecture, VirtualDevice>();

beforeAll(async () => {
  host = await Workstation.open();
  await Promise.all(
    architectures.map(async (architecture) =>
      devices.set(architecture, await host.boot({ flavour: "module", architecture })),
    ),
  );
});
afterAll(() => host.close());

function deviceOf(architecture: Architecture): VirtualDevice {
  const device = devices.get(architecture);
  if (device === undefined) throw new Error(`no device of ${architecture} was booted`);
  return device;
}

/** The names of a source's sections. */
function sectionsIn(source: string): string[] {
  return Array.from(readFileSync(source, "utf8").matchAll(/^SEC\("(.+)"\)$/gm), ([, name = ""]) => name);
}

if (findProgram("clang") === undefined || findProgram("llc") === undefined) {
  skipBecause("there is no clang, or no llc", what);
} else {
  it("there are ten programs to try", () => expect(sources).toHaveLength(10));

  describe.each(architectures)("on %s", emulated, (architecture) => {
    let device: VirtualDevice;
    let folder: string;

    beforeAll(async () => {
      device = deviceOf(architecture);
      folder = host.folder(architecture);
      const { status, stderr } = await kheaders("pull");
      expect(status, stderr).toBe(0);
    });
    afterEach(() => host.shell(device, `rm -rf ${pins}`));

    function kheaders(...args: string[]) {
      return host.kheaders(["-s", device.serial, ...args]);
    }

    /** Compiles a program with the headers of the kernel; gives the object's path. */
    async function compile(source: string): Promise<string> {
      const object = join(folder, `${basename(source, ".c")}.o`);
      const outcome = await kheaders("bpf", source, "-o", object, "--", "-Wall", "-Werror");
      expect(outcome).toMatchObject({ status: 0, stdout: `${object}\n`, stderr: "" });
      return object;
    }

    /** Has the kernel run an object's programs. */
    async function load(object: string): Promise<void> {
      const pushed = `/data/local/tmp/${basename(object)}`;
      await host.adb.adb("-s", device.serial, "push", object, pushed);
      const places = `${pins}/programs pinmaps ${pins}/maps`;
      await host.shell(device, `mkdir ${pins} && bpftool prog loadall ${pushed} ${places} autoattach`);
    }

    it("a kprobe reads the fields of task_struct where they are", async () => {
      await load(await compile(join(programs, "on-device/openers.c")));
      const said = await host.shell(device, "sh -c 'echo $$ $PPID; exec cat /proc/version'");
      const [pid = 0, parent = 0] = said.split("\n", 1)[0]?.split(" ").map(Number) ?? [];
      const map: unknown = JSON.parse(
        await host.shell(device, `bpftool -j map dump pinned ${pins}/maps/openers`),
      );
      expect(map).toContainEqual(
        expect.objectContaining({ formatted: { key: pid, value: { tgid: pid, parent, name: "cat" } } }),
      );
    });

    it("the structs lie as bpftool says of the kernel's own BTF", async () => {
      const types = join(folder, "vmlinux.btf");
      await host.adb.adb("-s", device.serial, "pull", "/sys/kernel/btf/vmlinux", types);
      const theirs = await BpftoolTypes.of(types);
      const { status, stdout, stderr } = await kheaders("layout", structs.join(","), "--json");
      expect(status, stderr).toBe(0);
      const ours: ShownStruct[] = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(ours.map(({ name }) => name)).toEqual(structs);
      for (const { name, size, members } of ours)
        expect({ name, size, members: plainMembers(members) }).toEqual({ name, ...theirs.struct(name) });
      const { stdout: offset } = await kheaders("layout", "task_struct.comm");
      const comm = theirs.struct("task_struct").members.find(({ name }) => name === "comm");
      expect(Number(offset) * 8).toBe(comm?.at);
    });

    it("a program with libbpf's headers compiles as the docs have it, and reads the fields of task_struct", async () => {
      await load(await compile(fileURLToPath(new URL("../../docs/examples/prog.c", import.meta.url))));
      const pid = Number(await host.shell(device, "sh -c 'echo $$; exec cat /proc/version >/dev/null'"));
      const map: unknown = JSON.parse(
        await host.shell(device, `bpftool -j map dump pinned ${pins}/maps/opens`),
      );
      expect(map).toContainEqual(
        expect.objectContaining({ formatted: { key: pid, value: expect.any(Number) } }),
      );
    });

    it("all headers of libbpf go with those that tracers use, whichever come first", async () => {
      const kernel = [
        "linux/filter.h",
        "net/tcp.h",
        "linux/blkdev.h",
        "linux/security.h",
        "linux/perf_event.h",
      ];
      const libbpf = ["bpf_helpers.h", "bpf_tracing.h", "bpf_core_read.h", "bpf_endian.h", "usdt.bpf.h"];
      const includes = [kernel, libbpf.map((name) => `bpf/${name}`)];
      for (const order of [includes, includes.toReversed()]) {
        const source = join(folder, "all.c");
        writeFileSync(
          source,
          order
            .flat()
            .map((name) => `#include <${name}>\n`)
            .join(""),
        );
        await compile(source);
      }
    });

    it.each(sources)(
      "%s compiles with type information, passes the verifier, and is attached",
      async (name) => {
        const source = join(programs, name);
        const object = await compile(source);
        const said = await run("readelf", ["--wide", "--file-header", "--sections", object]);
        expect(said).toMatch(/Machine: +Linux BPF/);
        const sections = sectionsIn(source);
        for (const wanted of [...sections, ".BTF", ".BTF.ext", ".maps", "license"])
          expect(said).toContain(` ${wanted} `);
        await load(object);
        const links: unknown = JSON.parse(await host.shell(device, "bpftool -j link show"));
        expect(links).toHaveLength(sections.length);
      },
    );

    it("`check` finds that all headers of the kernel compile", async () => {
      const outcome = await kheaders("check");
      expect(outcome, outcome.stdout).toMatchObject({ status: 0, stderr: "" });
      const [heading, ...rows] = outcome.stdout.trimEnd().split("\n");
      expect(heading).toMatch(/^HEADER +RESULT$/);
      for (const row of rows) expect(row).toMatch(/^\S+\.h +compiles$/);
      for (const header of [
        "linux/sched.h",
        "net/sock.h",
        "linux/fs.h",
        "linux/blkdev.h",
        "linux/mm_types.h",
      ])
        expect(outcome.stdout).toContain(header);
    });
  });
}
