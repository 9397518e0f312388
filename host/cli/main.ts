import { Command, CommanderError } from "commander";
import { asKheadersError, exitStatusOf } from "../../shared/errors.js";
import { addGlobalOptions } from "./options/global.js";

// A reader of our output that went away is no failure of ours.
process.stdout.on("error", () => undefined);

/** The commands in the order of --help. Loading one takes as long as a tenth of a cache hit. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  pull: async () => (await import("./commands/pull.js")).addPull,
  watch: async () => (await import("./commands/watch.js")).addWatch,
  devices: async () => (await import("./commands/devices.js")).addDevices,
  exec: async () => (await import("./commands/exec.js")).addExec,
  unload: async () => (await import("./commands/unload.js")).addUnload,
  cache: async () => (await import("./commands/cache/cache.js")).addCache,
  info: async () => (await import("./commands/info.js")).addInfo,
  cflags: async () => (await import("./commands/cflags.js")).addCflags,
  env: async () => (await import("./commands/env.js")).addEnv,
  bpf: async () => (await import("./commands/bpf.js")).addBpf,
  pch: async () => (await import("./commands/pch.js")).addPch,
  symvers: async () => (await import("./commands/symvers.js")).addSymvers,
  module: async () => (await import("./commands/module.js")).addModule,
  check: async () => (await import("./commands/check.js")).addCheck,
  doctor: async () => (await import("./commands/doctor.js")).addDoctor,
};

const program = new Command("kheaders")
  .description(
    "The kernel headers of the very kernel that your Android device is running, on your workstation.",
  )
  .version(KHEADERS_VERSION, "-V, --version")
  .exitOverride()
  .showHelpAfterError("(kheaders --help shows all options)")
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    "after",
    `
Examples:
  $ kheaders pull                           pull the headers of the only device, print their path
  $ kheaders -s R5CT30ABCDE pull -o ./hdrs  of the device with this serial, with a copy in ./hdrs
  $ kheaders devices                        which devices have which headers
  $ clang $(kheaders cflags --bpf) -S -emit-llvm prog.c -o - | llc -march=bpf -filetype=obj -o prog.o`,
  );
addGlobalOptions(program);

void run();

async function run(): Promise<void> {
  try {
    for (const name of meantBy(process.argv.slice(2))) (await commands[name]?.())?.(program);
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : exitStatusOf.usage;
    } else {
      const known = asKheadersError(error);
      process.stderr.write(`kheaders: ${known.message}\n${known.hint ? `  ${known.hint}\n` : ""}`);
      process.exitCode = known.exitStatus;
    }
  }
}

/** The commands that the arguments can mean: those that they name, or all of them, to be listed. */
function meantBy(words: readonly string[]): string[] {
  const [first = ""] = words;
  if (first === "--version" || first === "-V") return [];
  const names = Object.keys(commands);
  const named = names.filter((name) => words.includes(name));
  const asksForAll = named.length === 0 || first === "--help" || first === "-h";
  return asksForAll ? names : named;
}
