/** Where the command starts: what says its version needs nothing of the rest, which takes longer to read than Node to start. */
const [first, ...others] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && others.length === 0) {
  // A reader of our output that goes away is not an error.
  process.stdout.on("error", () => undefined).write(`${KHEADERS_VERSION}\n`);
} else {
  void import("./main.js");
}
