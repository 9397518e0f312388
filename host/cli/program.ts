import { Argument } from "commander";
import { commandTable, groupHeadings } from "./command-table.js";
import { commandHint } from "./help/suggest.js";
import { addGlobalOptions } from "./options/global.js";
import { CliCommand, UnknownCommandError } from "./parser/cli-command.js";

/** Runs a command line. @throws KheadersError; CommanderError after --help and --version. */
export async function runProgram(words: readonly string[]): Promise<void> {
  try {
    const program = await makeProgram(words);
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof UnknownCommandError)) throw error;
    await suggest(words);
  }
}

/** The program with the commands that the words may mean: those that they name, else all. */
export async function makeProgram(words: readonly string[]): Promise<CliCommand> {
  const program = new CliCommand("kheaders");
  program
    .description("Get the kernel headers of the very kernel that an Android device is running.")
    .version(KHEADERS_VERSION, "-V, --version", "print the version");
  addGlobalOptions(program);
  const [first = ""] = words;
  if (first === "--version" || first === "-V") return program;
  program.texts = texts;
  const names = Object.values(commandTable).flatMap((commands) => Object.keys(commands));
  const isListing = ["--help", "-h", "help"].includes(first) || !names.some((name) => words.includes(name));
  await addCommands(program, (name) => isListing || words.includes(name));
  if (isListing || words.includes("help")) addHelp(program);
  return program;
}

const texts = {
  details: "kheaders COMMAND --help shows what a command takes.",
  examples: [
    "kheaders pull # the headers of the only device",
    "kheaders -s R5CT30ABCDE pull -o dir # of this device, with a copy in dir",
    "kheaders devices # all devices and their kernels",
    "clang $(kheaders cflags --bpf) -S -emit-llvm prog.c -o - | llc -march=bpf -filetype=obj -o prog.o",
  ],
};

async function addCommands(program: CliCommand, isWanted: (name: string) => boolean): Promise<void> {
  for (const [group, commands] of Object.entries(commandTable)) {
    program.commandsGroup(groupHeadings[group as keyof typeof commandTable]);
    for (const [name, load] of Object.entries(commands)) {
      if (isWanted(name)) (await load()).add(program);
    }
  }
}

/** Adds `kheaders help cache prune`. */
function addHelp(program: CliCommand): void {
  program.commandsGroup("Help:");
  const help = program.command("help").summary("show the help of a command");
  help.description("Show the help of a command.");
  help.texts = { examples: ["kheaders help cache prune"] };
  help.addArgument(new Argument("[command...]", "its name"));
  help.action((words: readonly string[]) => {
    process.stdout.write(commandNamed(program, words).helpInformation());
  });
}

function commandNamed(program: CliCommand, words: readonly string[]): CliCommand {
  let found = program;
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word);
    if (!(next instanceof CliCommand)) throw new UnknownCommandError(found, word, []);
    found = next;
  }
  return found;
}

/** Reads a command line that has an unknown command again, with all commands at hand. @throws UnknownCommandError with a hint. */
async function suggest(words: readonly string[]): Promise<void> {
  const program = await makeProgram([]);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof UnknownCommandError)) throw error;
    const { parent, word, alike } = error;
    throw new UnknownCommandError(parent, word, alike, commandHint(program, parent, word, alike));
  }
}
