import { printable } from "../../../shared/printable.js";
import { chooseEndpoint, type Endpoint, parsePort } from "../../adb/endpoint.js";
import { openCacheOf } from "../options/cache.js";
import { makeProgram } from "../program.js";
import { bashWord, readBashLine, type TypedLine } from "./line.js";
import { type Place, placeOf } from "./position.js";
import { type Candidate, devicesOf, kernelsOf, type Values, valuesOf } from "./values.js";

/**
 * Answers a shell's question what may stand at the cursor: a line that says what the shell adds by itself, then a candidate a
 * line, for zsh and fish with a tab and its description.
 *
 * @param words the name of the shell; then for bash the line up to the cursor and COMP_WORDBREAKS, for others the words up to
 * the cursor, the program included.
 */
export async function complete([shell, ...words]: readonly string[]): Promise<string[]> {
  const line: TypedLine =
    shell === "bash"
      ? readBashLine(words[0] ?? "", words[1] ?? "")
      : { before: words.slice(0, -1), current: words.at(-1) ?? "", kept: 0, quote: "" };
  const program = await makeProgram(["--help"]);
  const place = placeOf(program, line.before.slice(1), line.current);
  const { candidates, fromShell } = await valuesAt(place);
  const { position } = place;
  const prefix = position.type === "value" ? position.prefix : "";
  const shown = distinct(candidates).map(({ word, description }) => ({ word: prefix + word, description }));
  return [
    fromShell,
    ...(shell === "bash" ? inBash(shown, line) : inOthers(shown, shell === "zsh" ? prefix : "")),
  ];
}

async function valuesAt({ position, given }: Place): Promise<Values> {
  switch (position.type) {
    case "other":
      return { candidates: [], fromShell: "files" };
    case "command":
      return {
        candidates: position.command
          .createHelp()
          .visibleCommands(position.command)
          .map((command) => ({ word: command.name(), description: command.summary() })),
        fromShell: "nothing",
      };
    case "option":
      return {
        candidates: position.command
          .createHelp()
          .visibleOptions(position.command)
          .map(({ long, short, description }) => ({ word: long ?? short ?? "", description })),
        fromShell: "nothing",
      };
    case "value":
      return valuesOf(position.of, {
        devices: () => orNone(async () => devicesOf(endpointOf(given))),
        kernels: () => orNone(async () => kernelsOf(await openCacheOf(given))),
      });
  }
}

function endpointOf({ H, P, L }: Place["given"]): Endpoint {
  const port = P === undefined ? undefined : parsePort(P, "-P");
  return chooseEndpoint({ host: H, port, socket: L }, process.env);
}

/** Whatever the reason why there is nothing to offer, a shell's prompt is not the place to say so. */
async function orNone<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list();
  } catch {
    return [];
  }
}

/** Each word once, and none that a line cannot hold. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const words = new Map(candidates.map((candidate) => [candidate.word, candidate]));
  return [...words.values()].filter(({ word }) => word !== "" && printable(word, 4096) === word);
}

/** bash shows what it is given, and inserts it as it is: it gets what fits, quoted, from the last break on. */
function inBash(candidates: readonly Candidate[], { current, kept, quote }: TypedLine): string[] {
  return candidates
    .filter(({ word }) => word.startsWith(current))
    .map(({ word }) => bashWord(word.slice(kept), quote));
}

/** zsh and fish choose and quote by themselves. */
function inOthers(candidates: readonly Candidate[], prefix: string): string[] {
  return candidates.map(({ word, description }) => {
    const shown = word.slice(prefix.length);
    return description === "" ? shown : `${shown}\t${printable(description)}`;
  });
}
