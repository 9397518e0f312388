import type { Option } from "commander";

/**
 * Keeps an option whose value may be left out from taking the word that follows as its value, unless that word is a number:
 * in `kheaders --wait pull`, `pull` is the command. Such an option gets an empty value instead.
 *
 * @param stopsAtOperand whether options after the first word that is none belong to another command.
 */
export function withoutSwallowing(
  args: readonly string[],
  options: readonly Option[],
  stopsAtOperand: boolean,
): string[] {
  const words = [...args];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--" || (stopsAtOperand && !word.startsWith("-"))) break;
    const option = options.find(({ short, long }) => word === short || word === long);
    if (option?.required) index++;
    else if (option?.optional && /^[^-\d]/.test(words[index + 1] ?? "")) words[index] = `${word}=`;
  }
  return words;
}
