import { Command, CommanderError } from "commander";
import { asKheadersError, exitStatusOf } from "../../shared/errors.js";
import { addCache } from "./cache.js";
import { addCflags } from "./cflags.js";
import { addDevices } from "./devices.js";
import { addDoctor } from "./doctor.js";
import { addEnv } from "./env.js";
import { addExec } from "./exec.js";
import { addInfo } from "./info.js";
import { addGlobalOptions } from "./options.js";
import { addPull } from "./pull.js";
import { addUnload } from "./unload.js";
import { addWatch } from "./watch.js";

// A reader of our output that went away is no failure of ours.
process.stdout.on("error", () => undefined);

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
addPull(program);
addWatch(program);
addDevices(program);
addExec(program);
addUnload(program);
addCache(program);
addInfo(program);
addCflags(program);
addEnv(program);
addDoctor(program);

void run();

async function run(): Promise<void> {
  try {
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
