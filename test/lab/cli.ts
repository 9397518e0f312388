import { rm } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { startAdbServer } from "./adb-server.js";
import { type Architecture, architectures } from "./architecture.js";
import { buildLab } from "./build.js";
import { labCache } from "./paths.js";
import {
  bootDevice,
  type Flavour,
  flavours,
  runningDevices,
  type SuKind,
  suKinds,
  type VirtualDevice,
} from "./virtual-device.js";

const program = new Command("npm run lab --")
  .description("Virtual Android devices with real kernels, for trying kheaders without a phone")
  .addHelpText(
    "after",
    `
Examples:
  npm run lab -- boot module --name phone       boots a device; prints its serial
  adb connect "$(npm run --silent lab -- boot none)"
  npm run lab -- boot stale --user shell --su magisk
  npm run lab -- boot module --arch arm64
  npm run lab -- list
  npm run lab -- shell phone -- uname -a
  npm run lab -- stop phone                     or: stop --all`,
  );

program
  .command("build")
  .description("build what boots need: the first time downloads 200 MB and takes a minute or two")
  .argument("[flavours...]", `${flavours.join(", ")}; all of them if none is named`)
  .addOption(archOption())
  .action(async (named: readonly string[], { arch }: { arch: Architecture }) => {
    await buildLab(arch, named.length > 0 ? named.map(asFlavour) : flavours);
    process.stderr.write(`lab: all is built, in ${labCache()}\n`);
  });

interface BootFlags {
  readonly arch: Architecture;
  readonly name?: string;
  readonly user: "root" | "shell";
  readonly su: SuKind;
  readonly fingerprint?: string;
  readonly restricted?: boolean;
  readonly config: boolean;
}

program
  .command("boot")
  .description("boot a device and leave it running; prints its serial, for adb connect")
  .argument("<flavour>", flavours.join(", "), asFlavour)
  .addOption(archOption())
  .option("--name <name>", "its name for the other commands")
  .addOption(new Option("--user <user>", "who adbd runs as").choices(["root", "shell"]).default("root"))
  .addOption(new Option("--su <kind>", "how its shell user becomes root").choices(suKinds).default("none"))
  .option("--fingerprint <text>", "ro.build.fingerprint")
  .option("--restricted", "the shell user may list /sys/kernel, not read there, as on Android")
  .option("--no-config", "without /proc/config.gz")
  .action(async (flavour: Flavour, { arch, ...flags }: BootFlags) => {
    const device = await bootDevice({ ...flags, flavour, architecture: arch, keep: true });
    process.stderr.write(`lab: ${device.name} is up; its console: ${device.consolePath}\n`);
    process.stdout.write(`${device.serial}\n`);
  });

program
  .command("list")
  .description("list the devices that run")
  .action(async () => {
    for (const { name, flavour, architecture, serial, pid } of await runningDevices())
      process.stdout.write(`${name}\t${flavour}\t${architecture}\t${serial}\t${pid}\n`);
  });

program
  .command("stop")
  .description("stop a device")
  .argument("[name]")
  .option("--all", "all devices that `boot` has left running; not those of tests")
  .action(async (name: string | undefined, { all }: { all?: boolean }) => {
    if (name === undefined && !all) program.error("say which device, or --all; `list` shows them");
    const devices = await runningDevices();
    const meant = all ? devices.filter(({ keep }) => keep) : [find(devices, name)];
    await Promise.all(meant.map((device) => device.stop()));
  });

program
  .command("shell")
  .description("run a command on a device, over an adb server of its own; ends with the command's status")
  .argument("<name>")
  .argument("<command...>", "after --")
  .action(async (name: string, command: string[]) => {
    const device = find(await runningDevices(), name);
    const server = await startAdbServer();
    try {
      await server.connect(device.serial);
      const { stdout, stderr, status } = await server.adb("-s", device.serial, "shell", ...command);
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      process.exitCode = status;
    } finally {
      await server.stop();
    }
  });

program
  .command("clean")
  .description("remove all that is built and downloaded; the next use makes it anew")
  .action(() => rm(labCache(), { recursive: true, force: true }));

await program.parseAsync();

function archOption(): Option {
  return new Option("--arch <architecture>", "of its processor and kernel")
    .choices(architectures)
    .default("x86_64");
}

function asFlavour(text: string): Flavour {
  const flavour = flavours.find((known) => known === text);
  if (flavour === undefined) throw new InvalidArgumentError(`known are ${flavours.join(", ")}.`);
  return flavour;
}

function find(devices: readonly VirtualDevice[], name: string | undefined): VirtualDevice {
  const device = devices.find((one) => one.name === name);
  return device ?? program.error(`no device ${name} runs; \`list\` shows those that do`);
}
