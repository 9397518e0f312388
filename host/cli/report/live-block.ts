import { fold } from "./terminal.js";

/** Where a block of lines is drawn: standard error, if that is a terminal. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

const redrawMilliseconds = 100;

/**
 * Lines at the bottom of a terminal that are redrawn as they change. Other output goes above them: call
 * {@link LiveBlock.erase} before it.
 */
export class LiveBlock {
  readonly #screen: Screen;
  readonly #lines: () => readonly string[];
  #drawn: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param lines returns the current lines, in printable ASCII, the most important first. */
  constructor(screen: Screen, lines: () => readonly string[]) {
    this.#screen = screen;
    this.#lines = lines;
  }

  /** Redraws the lines soon, because something has changed. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.#draw(), redrawMilliseconds);
  }

  /** Takes the lines off the screen; they come back with the next change. */
  erase(): void {
    const { columns } = this.#screen;
    // A terminal that became narrower has broken lines that fitted before.
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(Math.ceil(line.length / columns), 1), 0);
    // The cursor may stand behind what the user typed: Ctrl-C shows as ^C.
    if (rows > 0) this.#screen.write(`\r\x1b[${rows}A\x1b[J`);
    this.#drawn = [];
  }

  /** Draws all lines in full a last time, broken between words, and leaves them on the screen. */
  close(): void {
    clearTimeout(this.#timer);
    this.erase();
    this.#write(this.#lines().flatMap((line) => fold(line, this.#screen.columns)));
  }

  #draw(): void {
    this.#timer = undefined;
    this.erase();
    const { rows, columns } = this.#screen;
    const fitting = fitRows(this.#lines(), rows).map((line) => fitColumns(line, columns));
    this.#write(fitting);
    this.#drawn = fitting;
  }

  #write(lines: readonly string[]): void {
    this.#screen.write(lines.map((line) => `${line}\n`).join(""));
  }
}

/** Cuts a line so that it does not wrap; a terminal may wrap one that fills it. */
export function fitColumns(line: string, columns: number): string {
  const width = Math.max(columns - 1, 1);
  return line.length <= width ? line : `${line.slice(0, Math.max(width - 3, 0))}...`.slice(0, width);
}

/** Keeps as many lines as fit above the cursor, and counts the rest. */
export function fitRows(lines: readonly string[], rows: number): string[] {
  const room = Math.max(rows - 1, 1);
  if (lines.length <= room) return [...lines];
  return [...lines.slice(0, room - 1), `... and ${lines.length - room + 1} more`];
}
