import { CommanderError } from "commander";
import { asKheadersError, exitStatusOf } from "../../shared/errors.js";
import { runProgram } from "./program.js";
import { errorText } from "./report/error-text.js";

// A reader of our output that goes away is not an error.
process.stdout.on("error", () => undefined);
process.on("uncaughtException", (error) => {
  process.exit(report(error));
});

void run();

async function run(): Promise<void> {
  try {
    const [first, ...words] = process.argv.slice(2);
    // A shell asks what may be typed: see completion/scripts.ts.
    if (first === "__complete") {
      const { complete } = await import("./completion/complete.js");
      process.stdout.write(`${(await complete(words)).join("\n")}\n`);
      return;
    }
    await runProgram(process.argv.slice(2));
  } catch (error) {
    process.exitCode =
      error instanceof CommanderError ? (error.exitCode === 0 ? 0 : exitStatusOf.usage) : report(error);
  }
}

/** Says what went wrong. @returns the exit status. */
function report(error: unknown): number {
  const explained = asKheadersError(error);
  process.stderr.write(errorText(explained));
  return explained.exitStatus;
}
