/** As much of a stream as tells what can be shown on it. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** How wide a terminal is; what is no terminal, or does not tell, has no limit. */
export function columnsOf({ isTTY, columns = 0 }: TerminalStream): number {
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

/** Whether lines can be drawn over each other. */
export function canRedraw(stream: TerminalStream, environment: NodeJS.ProcessEnv): boolean {
  return Number.isFinite(columnsOf(stream)) && environment.TERM !== "dumb";
}

const styles = { bold: 1, red: 31, green: 32, yellow: 33 } as const;

/** Makes text bold or coloured, on a terminal that can and if NO_COLOR (https://no-color.org) is not set. */
export function styled(
  style: keyof typeof styles,
  text: string,
  stream: TerminalStream,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const isPlain = !stream.isTTY || environment.NO_COLOR || environment.TERM === "dumb";
  return isPlain ? text : `\x1b[${styles[style]}m${text}\x1b[0m`;
}

/**
 * Breaks a line between words where it does not fit, and indents what follows. A word that is longer than the line stays whole,
 * so that it can be copied.
 */
export function fold(line: string, columns: number, indent = 2): string[] {
  if (line.length <= columns) return [line];
  const start = /^ */.exec(line)?.[0].length ?? 0;
  const before = line.lastIndexOf(" ", columns);
  const at = before > Math.max(start, indent) ? before : line.indexOf(" ", columns);
  if (at < 0) return [line];
  const rest = " ".repeat(indent) + line.slice(at).trimStart();
  return [line.slice(0, at).trimEnd(), ...(rest.trim() === "" ? [] : fold(rest, columns, indent))];
}
