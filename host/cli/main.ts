import { Command, CommanderError } from "commander";
import { asKheadersError, exitStatusOf } from "../../shared/errors.js";
import { addGlobalOptions, helpSettings } from "./options/global.js";

/** Adds a command to the program. */
type Add = (program: Command) => void;

/** Makes a command available, when it may be the one that runs. */
type Load = () => Promise<{ readonly add: Add }>;

/** The commands in the order and under the headings of --help. */
const groups: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  "Get headers:": {
    pull: () => import("./commands/get/pull.js"),
    watch: () => import("./commands/get/watch.js"),
    devices: () => import("./commands/get/devices.js"),
    unload: () => import("./commands/get/unload.js"),
    doctor: () => import("./commands/get/doctor.js"),
  },
  "Use headers:": {
    exec: () => import("./commands/use/exec.js"),
    env: () => import("./commands/use/env.js"),
    info: () => import("./commands/use/info.js"),
    cflags: () => import("./commands/use/cflags.js"),
    bpf: () => import("./commands/use/bpf.js"),
    pch: () => import("./commands/use/pch.js"),
    module: () => import("./commands/use/module.js"),
    symvers: () => import("./commands/use/symvers.js"),
    check: () => import("./commands/use/check.js"),
  },
  "Keep headers:": {
    cache: () => import("./commands/cache/cache.js"),
  },
};

// A reader of our output that goes away is not an error.
process.stdout.on("error", () => undefined);
process.on("uncaughtException", (error) => {
  process.exit(report(error));
});

const program = new Command("kheaders")
  .description("Get the kernel headers of the very kernel that an Android device is running.")
  .version(KHEADERS_VERSION, "-V, --version")
  .exitOverride()
  .showHelpAfterError("(kheaders --help shows all options)")
  .configureHelp(helpSettings)
  .addHelpCommand(
    new Command("help").argument("[command]").description("show the help of a command").helpGroup("Help:"),
  )
  .addHelpText(
    "after",
    `
Examples:
  $ kheaders pull                       # the headers of the only device
  $ kheaders -s R5CT30ABCDE pull -o dir # of this device, with a copy in dir
  $ kheaders devices                    # all devices and their kernels
  $ clang $(kheaders cflags --bpf) -S -emit-llvm prog.c -o - |
      llc -march=bpf -filetype=obj -o prog.o`,
  );
addGlobalOptions(program);

void run();

async function run(): Promise<void> {
  try {
    await addCommands(process.argv.slice(2));
    await program.parseAsync();
  } catch (error) {
    process.exitCode =
      error instanceof CommanderError ? (error.exitCode === 0 ? 0 : exitStatusOf.usage) : report(error);
  }
}

/** Adds the commands that the arguments may mean: those that they name, else all, to be listed. */
async function addCommands(words: readonly string[]): Promise<void> {
  const [first = ""] = words;
  if (first === "--version" || first === "-V") return;
  const names = Object.values(groups).flatMap((commands) => Object.keys(commands));
  const listsAll = first === "--help" || first === "-h" || !names.some((name) => words.includes(name));
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const [name, load] of Object.entries(commands)) {
      if (listsAll || words.includes(name)) (await load()).add(program);
    }
  }
}

/** Says what went wrong. @returns the exit status. */
function report(error: unknown): number {
  const { message, hint, exitStatus } = asKheadersError(error);
  process.stderr.write(`kheaders: ${message}\n${hint ? `  ${hint}\n` : ""}`);
  return exitStatus;
}
